import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConntrackEntry, FlowTuple } from '../../dumps/conntrack.ts'
import { type ClusterNames, readNames } from '../../dumps/names.ts'
import { connectionsOf } from './connections.ts'
import type { NodeReading } from './node-reading.ts'

const names = readNames([])
const VIP = '10.96.0.1'
const NODE_PORT = 30_080

interface End {
  readonly address: string
  readonly port: number
}

const tuple = (from: End, to: End): FlowTuple => ({
  source: from.address,
  sourcePort: from.port,
  destination: to.address,
  destinationPort: to.port,
})

/** `from` dials `to`; `target` answers, and sees `seenAs` */
const entry = (from: End, to: End, target: End = to, seenAs: End = from): ConntrackEntry => ({
  protocol: 'TCP',
  state: 'ESTABLISHED',
  original: tuple(from, to),
  reply: tuple(target, seenAs),
  unreplied: false,
  file: 'conntrack.txt',
  line: 1,
})

const service = {
  frontends: [{ frontend: `${VIP}:80/TCP`, odds: new Map([['10.1.0.1:8080', 1]]), came: null }],
  opened: null,
  active: null,
  bytes: null,
  weights: null,
  scheduler: null,
  affinity: false,
  unknown: [],
}

const node = (
  name: string,
  connections: readonly ConntrackEntry[],
  addresses: readonly string[] = [],
): NodeReading => ({
  node: name,
  services: new Map([['shop/web', service]]),
  frontends: new Map([
    [`${VIP}:80/TCP`, 'shop/web'],
    [`node:${NODE_PORT}/TCP`, 'shop/web'],
  ]),
  addresses: new Set(addresses),
  connections,
  hasRules: true,
  countersOff: false,
})

const client: End = { address: '192.0.2.7', port: 5000 }
const pod: End = { address: '10.1.0.1', port: 8080 }
const vip: End = { address: VIP, port: 80 }
const on = (address: string, port: number): End => ({ address, port })

describe('a connection counts once, where its backend was picked', () => {
  test('masqueraded by one node, plain at the pod’s', () => {
    const first = node('a', [entry(client, on('192.168.0.1', NODE_PORT), pod, on('10.0.0.1', 6000))], ['192.168.0.1'])
    const second = node('b', [entry(on('10.0.0.1', 6000), pod)])
    const { connections, repeats, unclear } = connectionsOf([first, second], names)
    expect(connections).toEqual([
      expect.objectContaining({ node: 'a', service: 'shop/web', client: client.address, backend: '10.1.0.1:8080' }),
    ])
    expect({ repeats, unclear }).toEqual({ repeats: 1, unclear: new Map() })
  })

  test('translated twice: node a sends it to node b’s port, which picks the pod', () => {
    const first = node('a', [entry(client, vip, on('192.168.0.2', NODE_PORT), on('192.168.0.1', 6000))])
    const second = node('b', [entry(on('192.168.0.1', 6000), on('192.168.0.2', NODE_PORT), pod)], ['192.168.0.2'])
    const { connections, repeats } = connectionsOf([first, second], names)
    expect(connections.map(({ node: at, backend }) => [at, backend])).toEqual([['b', '10.1.0.1:8080']])
    expect(repeats).toBe(1)
  })

  test('a table that lists one twice, and the same table given for two nodes', () => {
    const same = entry(client, vip, pod)
    expect(connectionsOf([node('a', [same, same]), node('b', [same])], names).connections).toHaveLength(1)
  })

  test('property: whatever the nodes see of them, as many as were opened', () => {
    const opened = fc.uniqueArray(
      fc.record({
        port: fc.integer({ min: 1024, max: 65_535 }),
        backend: fc.integer({ min: 1, max: 5 }),
        masquerade: fc.boolean(),
        passes: fc.boolean(),
      }),
      { selector: ({ port }) => port, maxLength: 40 },
    )
    fc.assert(
      fc.property(opened, (all) => {
        const [a, b]: [ConntrackEntry[], ConntrackEntry[]] = [[], []]
        for (const { port, backend, masquerade, passes } of all) {
          const target = on(`10.1.0.${backend}`, 8080)
          const seenAs = masquerade ? on('192.168.0.1', port) : on(client.address, port)
          a.push(entry(on(client.address, port), vip, target, seenAs))
          if (passes) b.push(entry(seenAs, target))
        }
        const counted = (nodes: readonly NodeReading[]): readonly string[] =>
          connectionsOf(nodes, names)
            .connections.map(({ backend }) => backend)
            .sort()
        const expected = all.map(({ backend }) => `10.1.0.${backend}:8080`).sort()
        expect(counted([node('a', a), node('b', b)])).toEqual(expected)
        expect(counted([node('b', b), node('a', a)])).toEqual(expected)
      }),
    )
  })
})

describe('a connection that no node translated', () => {
  const known: ClusterNames = {
    ...names,
    backends: new Map([['10.1.9.9', { pod: 'shop/client', node: 'a', zone: '' }]]),
  }
  const direct = entry(on('10.1.9.9', 7000), pod)

  test('bypassed the proxy where it is seen on its own node', () => {
    const { connections } = connectionsOf([node('a', [direct])], known)
    expect(connections).toEqual([expect.objectContaining({ frontend: null, service: 'shop/web', client: '10.1.9.9' })])
  })

  test('may have been translated on a node that was not given', () => {
    const { connections, unclear } = connectionsOf([node('b', [direct])], known)
    expect({ connections, unclear }).toEqual({ connections: [], unclear: new Map([['shop/web', 1]]) })
  })

  test('a probe of the node itself is none of the Service’s', () => {
    const probe = entry(on('192.168.0.1', 7000), pod)
    const { connections, unclear } = connectionsOf([node('a', [probe], ['192.168.0.1'])], known)
    expect({ connections, unclear }).toEqual({ connections: [], unclear: new Map() })
  })

  describe('where no rules were given', () => {
    const objects = (clusterIP: string): ClusterNames => {
      const service = {
        metadata: { namespace: 'shop', name: 'web' },
        spec: { clusterIP, ports: [{ name: 'http', port: 80 }] },
      }
      const labels = { 'kubernetes.io/service-name': 'web' }
      const slice = {
        metadata: { namespace: 'shop', name: 'web-x', labels },
        addressType: 'IPv4',
        endpoints: [{ addresses: [pod.address] }],
        ports: [{ name: 'http', port: pod.port, protocol: 'TCP' }],
      }
      const client = {
        metadata: { namespace: 'shop', name: 'client' },
        spec: { nodeName: 'a' },
        status: { podIP: '10.1.9.9' },
      }
      const home = { metadata: { name: 'a' }, status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] } }
      const items = [
        { apiVersion: 'v1', kind: 'Service', ...service },
        { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...slice },
        { apiVersion: 'v1', kind: 'Pod', ...client },
        { apiVersion: 'v1', kind: 'Node', ...home },
      ]
      return readNames(items.map((item) => ({ name: 'o.json', content: Buffer.from(JSON.stringify(item)) })))
    }
    const bare = (entries: readonly ConntrackEntry[]): NodeReading => ({
      ...node('a', entries),
      services: new Map(),
      frontends: new Map(),
      hasRules: false,
    })

    test('the slices say whose backend it went to', () => {
      const { connections } = connectionsOf([bare([direct])], objects(VIP))
      expect(connections).toEqual([expect.objectContaining({ frontend: null, service: 'shop/web:http' })])
    })

    test('pods of a headless Service are dialled themselves', () => {
      const { connections, unclear } = connectionsOf([bare([direct])], objects('None'))
      expect({ connections, unclear }).toEqual({ connections: [], unclear: new Map() })
    })

    test('a probe comes from the node’s address, as its Node object has it', () => {
      const { connections, unclear } = connectionsOf([bare([entry(on('192.168.0.1', 7000), pod)])], objects(VIP))
      expect({ connections, unclear }).toEqual({ connections: [], unclear: new Map() })
    })
  })
})
