import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareAddresses } from '../../model/address.ts'
import type { Backend, Frontend, FrontendKey, Route, SchedulerName } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Family } from '../../model/objects.ts'
import type { Packet } from '../../model/packet.ts'
import { decide } from '../../routing/decide.ts'
import { frontendKey } from '../../routing/frontends.ts'
import { isOne, sum } from '../../rules/fraction.ts'
import type { Program } from '../plane.ts'
import { frontendOf } from './identity.ts'
import { createNftablesPlane } from './index.ts'
import type { NftObject } from './objects.ts'

/** Few of everything, so that addresses, ports and backends meet. */
const pools = {
  IPv4: {
    frontends: ['10.96.0.1', '10.96.0.2', '198.51.100.7', '192.0.2.1'],
    backends: ['10.1.0.1', '10.1.0.2', '10.2.0.3', '192.0.2.1'],
    others: ['203.0.113.5', '127.0.0.1', '192.0.2.9', '10.96.0.77'],
    ranges: ['203.0.113.0/24', '10.0.0.0/8', '192.0.2.1/32', '0.0.0.0/0'],
    pods: '10.1.0.0/16',
    services: '10.96.0.0/16',
    nodePorts: '192.0.2.0/29',
  },
  IPv6: {
    frontends: ['fd00:96::1', 'fd00:96::2', '2001:db8:1::7', '2001:db8::1'],
    backends: ['fd00:1::1', 'fd00:1::2', 'fd00:2::3', '2001:db8::1'],
    others: ['2001:db8:2::5', '::1', '2001:db8::9', 'fd00:96::77'],
    ranges: ['2001:db8:2::/48', 'fd00::/8', '2001:db8::1/128', '::/0'],
    pods: 'fd00:1::/64',
    services: 'fd00:96::/112',
    nodePorts: '2001:db8::/125',
  },
} as const

const anyNode: fc.Arbitrary<NodeView> = fc
  .record({
    name: fc.constantFrom('node-a', 'node-b'),
    zone: fc.constant(''),
    families: fc.constant(['IPv4', 'IPv6'] as const),
    addresses: fc.constant(['192.0.2.1', '192.0.2.9', '2001:db8::1', '2001:db8::9']),
    clusterCIDRs: fc.constantFrom([], [pools.IPv4.pods], [pools.IPv6.pods, pools.IPv4.pods]),
    podInterface: fc.constantFrom(null, { name: 'cni0', prefix: false }, { name: 'veth', prefix: true }),
    serviceCIDRs: fc.constantFrom([], [pools.IPv4.services, pools.IPv6.services]),
    nodePortAddresses: fc.constantFrom(null, [pools.IPv4.nodePorts, pools.IPv6.nodePorts]),
    externalIPs: fc.constant(true),
    masqueradeAll: fc.constant(false),
    masqueradeBit: fc.constantFrom(0, 14, 31),
    localhostNodePorts: fc.constant(false),
    tcpBeLiberal: fc.constant(false),
    nfacct: fc.constant(false),
    proxyName: fc.constantFrom('', 'evenkeel'),
  })
  // pods are known in one way
  .map((node) => (node.podInterface === null ? node : { ...node, clusterCIDRs: [] }))

const anyBackends = (family: Family): fc.Arbitrary<readonly Backend[]> =>
  fc
    .uniqueArray(fc.record({ address: fc.constantFrom(...pools[family].backends), port: fc.constantFrom(80, 8080) }), {
      selector: ({ address, port }) => `${address} ${port}`,
      minLength: 1,
      maxLength: 5,
    })
    .chain((endpoints) =>
      fc
        .array(fc.constantFrom(1, 1, 2, 5), { minLength: 5, maxLength: 5 })
        .map((weights) =>
          endpoints
            .map((endpoint, index) => ({ ...endpoint, weight: weights[index] ?? 1, pod: '', node: '' }))
            .sort((a, b) => compareAddresses(a.address, b.address) || a.port - b.port),
        ),
    )

const anyRoute: fc.Arbitrary<Route> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      to: fc.constant('backends' as const),
      set: fc.constantFrom('cluster', 'local'),
      masquerade: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ to: fc.constantFrom('reject' as const, 'drop' as const) }) },
)

const schedulers: readonly (SchedulerName | null)[] = [null, 'rr', 'random', 'sh', 'maglev']

const anyFrontend: fc.Arbitrary<Frontend> = fc.constantFrom('IPv4' as const, 'IPv6' as const).chain((family) =>
  fc
    .record({
      place: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'ExternalIP' as const, 'LoadBalancer' as const),
      address: fc.constantFrom(...pools[family].frontends),
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
      port: fc.constantFrom(80, 30080),
      portName: fc.constantFrom('', 'http'),
      scheduler: fc.constantFrom(...schedulers),
      affinitySeconds: fc.constantFrom(null, null, 60),
      ranges: fc.option(fc.subarray([...pools[family].ranges]), { freq: 3 }),
      cluster: anyBackends(family),
      local: anyBackends(family),
      routes: fc.record({ pods: anyRoute, node: anyRoute, outside: anyRoute }),
    })
    .map(({ place, address, ranges, cluster, local, routes, ...rest }): Frontend => {
      const dialled = place === 'NodePort' ? null : address
      const used = [routes.pods, routes.node, routes.outside].flatMap((route) =>
        route.to === 'backends' ? [route.set] : [],
      )
      return {
        ...rest,
        kind: place,
        family,
        address: dialled,
        key: frontendKey(family, dialled, rest.protocol, rest.port),
        service: 'shop/web',
        clusterIP: { address: family === 'IPv4' ? '10.96.0.1' : 'fd00:96::1', port: 80, policy: 'Cluster' },
        healthCheckNodePort: 0,
        sourceRanges: place === 'LoadBalancer' ? ranges : null,
        sets: {
          cluster: used.includes('cluster') ? { backends: cluster } : null,
          local: used.includes('local') ? { backends: local } : null,
        },
        routes,
      }
    }),
)

const byKey = (frontends: readonly Frontend[]): Map<FrontendKey, Frontend> =>
  new Map(frontends.map((frontend) => [frontend.key, frontend]))

/**
 * Every source in the pools to everything dialled, and to a port and an address that nobody has. But not to what is a backend as well: a
 * packet translated to what it was dialled as counts as not translated in the kernel (nf_nat_setup_info).
 */
const packetsTo = (frontends: readonly Frontend[]): Packet[] => {
  const endpoints = new Set(
    frontends.flatMap(({ sets }) =>
      [sets.cluster, sets.local].flatMap((set) => set?.backends.map((one) => `${one.address} ${one.port}`) ?? []),
    ),
  )
  return frontends.flatMap(({ family, address, protocol, port }) => {
    const { frontends: addresses, backends, others } = pools[family]
    const targets =
      address === null
        ? ['192.0.2.1', '192.0.2.9', '2001:db8::1', '127.0.0.1'].filter(
            (to) => to.includes(':') === (family === 'IPv6'),
          )
        : [address]
    const to = [
      ...targets.map((target) => ({ to: target, port })),
      { to: addresses[0], port: 81 },
      { to: others[3], port },
    ].filter((target) => !endpoints.has(`${target.to} ${target.port}`))
    return [...backends, ...others].flatMap((from, index) =>
      to.map((target) => ({ from, ...target, protocol, ...entering(from, index) })),
    )
  })
}

/** What the node does not send itself comes in somewhere. */
const entering = (from: string, index: number): Pick<Packet, 'inputInterface'> => {
  const name = ['cni0', 'veth7', 'eth0', 'cni01'][index % 4]
  return /^(192\.0\.2\.|2001:db8::|127\.|::1$)/.test(from) || name === undefined ? {} : { inputInterface: name }
}

const seen = (backends: readonly { address: string; port: number; masquerade: boolean }[]): string[] =>
  backends.map(({ address, port, masquerade }) => `${address} ${port} ${masquerade}`)

const judge = (
  programs: readonly Program<NftObject>[],
  frontends: Map<FrontendKey, Frontend>,
  node: NodeView,
): void => {
  const trace = createNftablesPlane().trace(programs, node)
  for (const packet of packetsTo([...frontends.values()])) {
    const decision = decide(frontends, packet, node)
    const { verdict, backends, masquerade, partial, unknown } = trace(packet)
    const about = { packet, unknown, frontend: decision.frontend }
    expect({ ...about, verdict, partial }).toEqual({ ...about, verdict: decision.verdict, partial: false })
    if (verdict !== 'dnat') continue
    expect({ ...about, whole: isOne(sum(backends.map(({ probability }) => probability))) }).toEqual({
      ...about,
      whole: true,
    })
    const wanted = seen(decision.backends.map((one) => ({ ...one.backend, masquerade: one.masquerade })))
    if (frontends.get(decision.frontend ?? '')?.scheduler === 'sh') {
      // one backend a client
      expect(backends).toHaveLength(1)
      expect(wanted).toContain(seen(backends)[0])
      continue
    }
    expect({ ...about, backends: seen(backends), masquerade }).toEqual({
      ...about,
      backends: wanted,
      masquerade: decision.masquerade,
    })
  }
}

/** A few seconds; EVENKEEL_RUNS=5000 looks longer. */
const RUNS = Number(process.env['EVENKEEL_RUNS'] ?? 100)

describe('any frontends on any node', { timeout: RUNS * 600 }, () => {
  test('what is compiled does what the oracle decides', () => {
    fc.assert(
      fc.property(anyNode, fc.array(anyFrontend, { minLength: 1, maxLength: 6 }), (node, list) => {
        const plane = createNftablesPlane()
        const frontends = byKey(list)
        const programs = [plane.base(node), ...[...frontends.values()].map((frontend) => plane.compile(frontend, node))]
        judge(programs, frontends, node)
      }),
      { numRuns: RUNS },
    )
  })

  test('weights are the odds', () => {
    fc.assert(
      fc.property(anyNode, anyFrontend, fc.constantFrom('rr' as const, 'random' as const), (node, one, scheduler) => {
        const plane = createNftablesPlane()
        const frontend = { ...one, scheduler, affinitySeconds: null, sourceRanges: null }
        const trace = plane.trace([plane.base(node), plane.compile(frontend, node)], node)
        for (const packet of packetsTo([frontend])) {
          const { backends: decided } = decide(byKey([frontend]), packet, node)
          const total = decided.reduce((weight, backend) => weight + backend.weight, 0)
          trace(packet).backends.forEach(({ probability }, index) => {
            const odds = Number(probability.numerator) / Number(probability.denominator)
            const share = (decided[index]?.weight ?? 0) / total
            // random: each slot is within one of 2^32
            if (scheduler === 'rr') expect(odds).toBeCloseTo(share, 12)
            else expect(Math.abs(odds - share)).toBeLessThan(20 / 2 ** 32)
          })
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('whatever was there before: right at once, the same when compiled again, nothing twice', () => {
    fc.assert(
      fc.property(anyNode, anyFrontend, fc.array(anyFrontend, { maxLength: 5 }), (node, first, later) => {
        const plane = createNftablesPlane()
        const { key, kind, family, address, protocol, port } = first
        const lives = [
          first,
          ...later
            .filter((one) => one.family === family)
            .map((one) => ({ ...one, key, kind, address, protocol, port })),
        ]
        let before: readonly NftObject[] | undefined
        for (const frontend of lives) {
          const program = plane.compile(frontend, node, before)
          const keys = program.objects.map((object) => object.key)
          expect(new Set(keys).size).toBe(keys.length)
          const again = plane.compile(frontend, node, program.objects).objects
          expect(again.map((object) => object.key)).toEqual(keys)
          expect(again.every((object, index) => plane.equal(object, program.objects[index] as NftObject))).toBe(true)
          judge([plane.base(node), program], byKey([frontend]), node)
          before = program.objects
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('objects of one key are equal in all programs, and a frontend is known by its own', () => {
    fc.assert(
      fc.property(anyNode, fc.array(anyFrontend, { minLength: 2, maxLength: 8 }), (node, list) => {
        const plane = createNftablesPlane()
        const objects = new Map(plane.base(node).objects.map((object) => [object.key, object]))
        for (const frontend of byKey(list).values()) {
          for (const object of plane.compile(frontend, node).objects) {
            const known = objects.get(object.key)
            expect(known === undefined || (plane.shared(object) && plane.equal(known, object))).toBe(true)
            objects.set(object.key, object)
            expect(frontendOf(object)).toBe(plane.shared(object) ? null : frontend.key)
          }
        }
      }),
      { numRuns: RUNS },
    )
  })
})
