import { describe, expect, test } from 'vitest'
import { backend, frontend, someNode } from '../../../test/support/frontends.ts'
import { nftText } from '../../../test/support/nftables-text.ts'
import type { Frontend, Route } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { createNftablesPlane, nftables } from './index.ts'
import type { ChainObject, NftObject } from './objects.ts'

const cluster: Route = { to: 'backends', set: 'cluster', masquerade: false }
const masqueraded: Route = { to: 'backends', set: 'cluster', masquerade: true }
const local: Route = { to: 'backends', set: 'local', masquerade: false }
const drop: Route = { to: 'drop' }

const golden = async (name: string, frontends: readonly Frontend[], node: NodeView = someNode): Promise<void> => {
  const objects = frontends.flatMap((one) => nftables.compile(one, node).objects)
  const base = nftables.base(node).objects
  await expect(frontends.length === 0 ? nftText(base) : nftText(objects, base)).toMatchFileSnapshot(
    `golden/${name}.nft`,
  )
}

const balancer = (more: Partial<Frontend>): Frontend =>
  frontend(7, [2, 3], {
    key: '198.51.100.7:80/TCP',
    kind: 'LoadBalancer',
    address: '198.51.100.7',
    portName: 'http',
    sets: { cluster: { backends: [2, 3].map(backend) }, local: { backends: [backend(3)] } },
    routes: { pods: cluster, node: masqueraded, outside: local },
    ...more,
  })

describe('golden', () => {
  test('the node', () => golden('base', []))
  test('the node, IPv6, beside another proxy, node ports on some addresses', () =>
    golden('base-beside', [], {
      ...someNode,
      families: ['IPv6'],
      addresses: ['2001:db8::1', '2001:db8:1::1'],
      clusterCIDRs: [],
      serviceCIDRs: ['fd00:96::/112'],
      nodePortAddresses: ['2001:db8::/64'],
      masqueradeBit: 12,
      proxyName: 'evenkeel',
    }))
  test('a cluster IP', () =>
    golden('cluster-ip', [
      frontend(1, [1, 2, 3], { routes: { pods: cluster, node: masqueraded, outside: masqueraded } }),
    ]))
  test('weights and random', () =>
    golden('weighted', [
      frontend(1, [1, 2], {
        scheduler: 'random',
        sets: { cluster: { backends: [{ ...backend(1), weight: 3 }, backend(2)] }, local: null },
      }),
    ]))
  test('hashes: of the source, of the flow', () =>
    golden('hashes', [frontend(1, [1, 2, 3], { scheduler: 'sh' }), frontend(2, [1, 2, 3], { scheduler: 'maglev' })]))
  test('affinity', () => golden('affinity', [frontend(1, [1, 2], { affinitySeconds: 10_800, portName: 'http' })]))
  test('a node port, policy Local: pods and the node take a short circuit', () =>
    golden('node-port-local', [balancer({ key: 'node:30080/TCP', kind: 'NodePort', address: null, port: 30080 })]))
  test('a load balancer with source ranges, policy Local without local endpoints', () =>
    golden('balancer', [
      balancer({
        sourceRanges: ['203.0.113.0/24', '203.0.113.128/25', '203.0.114.0/24'],
        sets: { cluster: { backends: [2, 3].map(backend) }, local: null },
        routes: { pods: cluster, node: masqueraded, outside: drop },
      }),
    ]))
  test('no endpoints', () => golden('refused', [frontend(1, [])]))
})

const compile = (one: Frontend, before?: readonly NftObject[], node: NodeView = someNode): readonly NftObject[] =>
  nftables.compile(one, node, before).objects

const chains = (objects: readonly NftObject[]): ChainObject[] =>
  objects.filter((object) => object.kind === 'chain' && /^[fc]-/.test(object.chain.name)) as ChainObject[]

const slots = (objects: readonly NftObject[]): Map<number, string | undefined> =>
  new Map(
    objects
      .filter((object) => object.kind === 'element')
      .filter(({ set }) => set.startsWith('backends-'))
      .map(({ element: { key, data } }) => [
        key.charCodeAt(key.length - 4) | (key.charCodeAt(key.length - 3) << 8),
        data,
      ]),
  )

const keysOf = (objects: readonly NftObject[]): string[] => objects.map(({ key }) => key)

describe('from one table to the next', () => {
  test('the same again is the same', () => {
    const first = compile(frontend(1, [1, 2, 3]))
    expect(compile(frontend(1, [1, 2, 3]), first)).toEqual(first)
  })

  test('a swapped backend is one element, and the rule stays', () => {
    const first = compile(frontend(1, [1, 2, 3]))
    const second = compile(frontend(1, [2, 3, 4]), first)
    expect(chains(second)).toEqual(chains(first))
    const changed = [...slots(second)].filter(([slot, data]) => slots(first).get(slot) !== data)
    expect(changed).toHaveLength(1)
    expect(keysOf(second)).toEqual(keysOf(first))
  })

  test('another number of slots goes to the other generation, and back', () => {
    const first = compile(frontend(1, [1, 2, 3]))
    const second = compile(frontend(1, [1, 2]), first)
    const third = compile(frontend(1, [1, 2, 3]), second)
    expect([...slots(first).keys()]).toEqual([0, 1, 2])
    expect([...slots(second).keys()]).toEqual([16384, 16385])
    expect([...slots(third).keys()]).toEqual([0, 1, 2])
  })

  test('large tables grow and shrink in place: one of 5,000 is a few elements', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => index + 1)
    const first = compile(frontend(1, many))
    const second = compile(
      frontend(
        1,
        many.filter((index) => index !== 2_500),
      ),
      first,
    )
    const before = new Map(first.map((object) => [object.key, object]))
    const after = new Set(keysOf(second))
    const written = second.filter((object) => {
      const old = before.get(object.key)
      return object.kind === 'element' && (old === undefined || !nftables.equal(old, object))
    })
    const gone = first.filter(({ key }) => !after.has(key))
    expect(written.length + gone.length).toBeLessThanOrEqual(4)
  })

  test('equal picks share their rules; another plane makes its own, equal ones', () => {
    const [a, b] = [1, 1].map((index) => chains(compile(frontend(index, [1, 2])))[0])
    expect(a?.rules).toEqual(b?.rules)
    expect('model' in a!.rules && 'model' in b!.rules && a!.rules.model === b!.rules.model).toBe(true)
    const other = createNftablesPlane().compile(frontend(1, [1, 2]), someNode).objects
    expect(other.every((object, index) => nftables.equal(object, compile(frontend(1, [1, 2]))[index]!))).toBe(true)
  })
})

describe('what is refused', () => {
  test.each(['lc', 'sed', 'nq', 'dh'] as const)('%s, by name, while rr serves the connections', (scheduler) => {
    const { objects, refused } = nftables.compile(frontend(1, [1, 2], { scheduler }), someNode)
    expect(refused).toEqual([expect.stringMatching(new RegExp(`^${scheduler}: .*; served by rr$`))])
    expect(slots(objects).size).toBe(2)
  })

  test('maglev outgrown by its backends: rr takes over', () => {
    const many = Array.from({ length: 200 }, (_, index) => index + 1)
    const { objects, refused } = nftables.compile(frontend(1, many, { scheduler: 'maglev' }), someNode)
    expect(refused).toEqual([expect.stringMatching(/^maglev: .*; served by rr$/)])
    expect(slots(objects).size).toBe(200)
  })

  test('endpoints beyond 16,384: the rest is served', () => {
    const many = Array.from({ length: 16_500 }, (_, index) => index + 1)
    const { objects, refused } = nftables.compile(frontend(1, many), someNode)
    expect(refused).toEqual([expect.stringContaining('116 get no connections')])
    expect(slots(objects).size).toBe(16_384)
  })
})

describe('names', () => {
  const long = frontend(1, [1], {
    service: `${'n'.repeat(63)}/${'s'.repeat(63)}`,
    portName: 'p'.repeat(63),
    affinitySeconds: 60,
  })
  const odd = frontend(1, [1], { service: 'a b/c"d\n{', portName: '☃', affinitySeconds: 60 })

  test.each([
    ['long', long],
    ['odd', odd],
  ])('%s ones are what nft takes', (_, one) => {
    for (const object of compile(one)) {
      const { name, comment } =
        object.kind === 'chain'
          ? object.chain
          : object.kind === 'set'
            ? object.set
            : { name: 'table' in object ? object.table : '', comment: '' }
      expect(name).toMatch(/^[A-Za-z][\w/.-]{0,126}$/)
      expect(Buffer.byteLength(comment)).toBeLessThan(128)
      expect(comment).not.toMatch(/["\n]/)
    }
  })

  test("a chain's comment ends in the frontend's key, whatever the rest", () => {
    for (const chain of chains(compile(long))) expect(chain.chain.comment.endsWith(` ${long.key}`)).toBe(true)
  })

  test('another kind of frontend on the same address is another chain', () => {
    const [a] = chains(compile(frontend(1, [1])))
    const [b] = chains(compile(frontend(1, [1], { kind: 'ExternalIP' })))
    expect(a?.chain.name).not.toBe(b?.chain.name)
  })
})
