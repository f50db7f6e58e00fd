import { execFileSync } from 'node:child_process'
import { createServer, connect, type Server } from 'node:net'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { frontend, someNode } from '../../../test/support/frontends.ts'
import { openKernel } from '../../kernel/index.ts'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import { addressBytes, canonicalAddress, formatAddress } from '../../model/address.ts'
import type { Backend, Frontend } from '../../model/frontend.ts'
import type { NodeView } from '../../model/node-view.ts'
import { evaluate } from '../../rules/evaluate.ts'
import { silent } from '../../util/log.ts'
import type { Driver, Program } from '../plane.ts'
import { openNftablesDriver } from './driver.ts'
import { nftables } from './index.ts'
import type { NftObject } from './objects.ts'
import { tablesOf } from './tables.ts'

/**
 * One namespace of our own: its loopback has the node's address, the backends' and the clients', so a connection goes through the
 * output hook to a server of this process, which says whom it reached.
 */
const node: NodeView = {
  ...someNode,
  addresses: ['192.0.2.1', '2001:db8::1'],
  clusterCIDRs: ['10.1.0.0/16', 'fd00:1::/64'],
  serviceCIDRs: ['10.96.0.0/16', 'fd00:96::/112'],
}
const backends = {
  IPv4: ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4'],
  IPv6: ['fd00:1::1', 'fd00:1::2', 'fd00:1::3', 'fd00:1::4'],
} as const
const clients = {
  IPv4: Array.from({ length: 24 }, (_, index) => `10.1.1.${index + 1}`),
  IPv6: Array.from({ length: 24 }, (_, index) => `fd00:1::1:${(index + 1).toString(16)}`),
} as const
const dialled = { IPv4: '10.96.0.1', IPv6: 'fd00:96::1' } as const
const families = ['IPv4', 'IPv6'] as const
const PORT = 8080

let driver: Driver<NftObject>
let server: Server

beforeAll(async () => {
  await enterPrivateNetwork()
  const addresses = [...node.addresses, ...families.flatMap((family) => [...backends[family], ...clients[family]])]
  const batch = [
    'link set lo up',
    ...addresses.map((address) => `addr add ${address}/${address.includes(':') ? 128 : 32} dev lo`),
    'route add default dev lo',
    '-6 route add default dev lo',
  ]
  for (const line of batch) execFileSync('ip', line.split(' '))
  driver = await openNftablesDriver(await openKernel(), { log: silent })
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(canonicalAddress(socket.localAddress ?? '') ?? '')
  })
  server.listen(PORT, '::')
  await once(server, 'listening')
})
afterEach(() => driver.remove())
afterAll(async () => {
  server.close()
  await driver[Symbol.asyncDispose]()
})

const apply = async (frontends: readonly Frontend[]): Promise<readonly Program<NftObject>[]> => {
  const programs = [nftables.base(node), ...frontends.map((one) => nftables.compile(one, node))]
  const objects = new Map(programs.flatMap((program) => program.objects).map((object) => [object.key, object]))
  await driver.apply({ add: [...objects.values()], replace: [], remove: [] })
  return programs
}

/** The address that the server was reached at, i.e. the backend. */
const reached = async (from: string, to: string, port: number, localPort?: number): Promise<string> => {
  const socket = connect({ host: to, port, localAddress: from, ...(localPort === undefined ? {} : { localPort }) })
  socket.setTimeout(5_000, () => socket.destroy(new Error(`${from} -> ${to}: no answer`)))
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

const backendsOf = (family: 'IPv4' | 'IPv6'): readonly Backend[] =>
  backends[family].map((address) => ({ address, port: PORT, weight: 1, pod: '', node: '' }))

const service = (family: 'IPv4' | 'IPv6', more: Partial<Frontend> = {}): Frontend => {
  const address = more.address === undefined ? dialled[family] : more.address
  const port = more.port ?? 80
  const host = address === null ? (family === 'IPv4' ? 'node' : 'node6') : family === 'IPv4' ? address : `[${address}]`
  return frontend(1, [1], {
    family,
    address,
    key: `${host}:${port}/TCP`,
    sets: { cluster: { backends: backendsOf(family) }, local: null },
    ...more,
  })
}

test.each(families)('rr, %s: exact rotation over all clients together', async (family) => {
  await apply([service(family)])
  const counts = new Map<string, number>()
  for (const client of clients[family]) {
    const backend = await reached(client, dialled[family], 80)
    counts.set(backend, (counts.get(backend) ?? 0) + 1)
  }
  expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(backends[family].map((address) => [address, 6])))
})

test.each(families)('sh, %s: the trace names the backend of each client', async (family) => {
  const programs = await apply([service(family, { scheduler: 'sh' })])
  const trace = nftables.trace(programs, node)
  const seen = new Set<string>()
  for (const from of clients[family]) {
    const [traced] = trace({ from, to: dialled[family], port: 80, protocol: 'TCP' }).backends
    const backend = await reached(from, dialled[family], 80)
    expect({ from, backend }).toEqual({ from, backend: traced?.address })
    seen.add(backend)
  }
  expect(seen.size).toBeGreaterThan(1)
})

test.each(families)('maglev, %s: with the source port the backend is certain', async (family) => {
  const tables = tablesOf(await apply([service(family, { scheduler: 'maglev' })]))
  for (const [index, from] of clients[family].entries()) {
    const sport = 20_000 + index
    const { ends } = evaluate(
      tables,
      {
        family: family === 'IPv4' ? 'ip' : 'ip6',
        saddr: addressBytes(from),
        daddr: addressBytes(dialled[family]),
        protocol: 6,
        sport,
        dport: 80,
      },
      { entry: 'output', keeps: () => false, addressType: () => 2 },
    )
    expect(ends).toHaveLength(1)
    const backend = await reached(from, dialled[family], 80, sport)
    expect({ from, backend }).toEqual({ from, backend: formatAddress(ends[0]?.daddr ?? '') })
  }
})

test.each(families)('affinity, %s: a client keeps its backend, also at the node port', async (family) => {
  const own = family === 'IPv4' ? '192.0.2.1' : '2001:db8::1'
  const affinity = { affinitySeconds: 60 } as const
  await apply([
    service(family, affinity),
    service(family, { ...affinity, address: null, kind: 'NodePort', port: 30080 }),
  ])
  const homes = new Map<string, string>()
  for (const client of clients[family].slice(0, 8)) homes.set(client, await reached(client, dialled[family], 80))
  expect(new Set(homes.values()).size).toBe(4)
  for (const [client, home] of homes) {
    expect(await reached(client, own, 30080)).toBe(home)
    expect(await reached(client, dialled[family], 80)).toBe(home)
  }
})

test.each(families)(
  'affinity, %s: the last such frontend goes whole, chains and maps in one transaction',
  async (family) => {
    const [base, program] = await apply([service(family, { affinitySeconds: 60 })])
    const kept = new Set(base?.objects.map(({ key }) => key))
    const gone = program?.objects.filter(({ key }) => !kept.has(key)) ?? []
    await driver.apply({ add: [], replace: [], remove: gone })
    const { frontends } = await driver.observe()
    expect([...frontends.keys()]).toEqual([])
  },
)

test('nft lists all of it with names and comments, and loads what it listed', async () => {
  const kinds = families.flatMap((family) => [
    service(family),
    service(family, { port: 81, scheduler: 'random' }),
    service(family, { port: 82, scheduler: 'sh' }),
    service(family, { port: 83, scheduler: 'maglev' }),
    service(family, { port: 84, affinitySeconds: 60 }),
    service(family, { port: 30080, address: null, kind: 'NodePort' }),
    service(family, {
      port: 85,
      kind: 'LoadBalancer',
      sourceRanges: family === 'IPv4' ? ['0.0.0.0/0'] : ['2001:db8::/32', 'fd00::/8'],
      sets: { cluster: { backends: backendsOf(family) }, local: { backends: backendsOf(family).slice(2) } },
      routes: {
        pods: { to: 'backends', set: 'cluster', masquerade: false },
        node: { to: 'backends', set: 'cluster', masquerade: true },
        outside: { to: 'backends', set: 'local', masquerade: false },
      },
    }),
    service(family, { port: 86, routes: { pods: { to: 'reject' }, node: { to: 'drop' }, outside: { to: 'drop' } } }),
  ])
  const programs = await apply(kinds)
  const observed = await driver.observe()
  const found = new Map(
    [...observed.frontends.values()]
      .flat()
      .concat(observed.other)
      .map((one) => [one.key, one]),
  )
  for (const object of programs.flatMap(({ objects }) => objects)) {
    const other = found.get(object.key)
    expect({ key: object.key, same: other !== undefined && nftables.equal(object, other) }).toEqual({
      key: object.key,
      same: true,
    })
  }
  const listing = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })
  expect(listing).toContain('comment "ClusterIP shop/web-1 10.96.0.1:80/TCP"')
  expect(listing).toContain('fd00:96::1 . tcp . 83 . 250')
  await driver.remove()
  execFileSync('nft', ['-f', '-'], { input: listing })
  expect(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })).toBe(listing)
})
