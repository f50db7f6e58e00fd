import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endpoint, nodeOne, port, service, slice } from '../../../test/support/services.ts'
import { formatEndpoint } from '../../model/address.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { Endpoint, Family, Service } from '../../model/objects.ts'
import type { Packet } from '../../model/packet.ts'
import { decide } from '../../routing/decide.ts'
import { planService } from '../../routing/plan.ts'
import { createIptablesPlane } from './index.ts'

/** Services as an API server may hold them, planned and compiled: every packet must meet what `decide` says. */
const RUNS = 60

const pools = {
  IPv4: {
    clusterIP: '172.30.0.41',
    external: '198.51.100.7',
    balancer: '198.51.100.20',
    unused: '172.30.9.9',
    ranges: ['203.0.113.0/25', '192.168.0.0/24'],
    backends: ['10.0.1.10', '10.0.1.9', '10.0.2.10', '192.168.0.2'],
    sources: ['10.0.1.10', '10.0.7.7', '192.168.0.2', '203.0.113.9', '203.0.113.200', '198.51.100.20'],
    pods: '10.0.0.0/8',
  },
  IPv6: {
    clusterIP: 'fd00:172::41',
    external: '2001:db8:e::7',
    balancer: '2001:db8:e::20',
    unused: 'fd00:172::99',
    ranges: ['2001:db8:f::/64'],
    backends: ['fd00:10:1::10', 'fd00:10:1::9', 'fd00:10:2::10', '2001:db8:1::2'],
    sources: ['fd00:10:1::10', 'fd00:10:7::7', '2001:db8:1::2', '2001:db8:f::9', '2001:db8:f:1::9'],
    pods: 'fd00:10::/32',
  },
} as const

const anyEndpoint = (family: Family): fc.Arbitrary<Endpoint> =>
  fc
    .record({
      address: fc.constantFrom(...pools[family].backends),
      ready: fc.boolean(),
      serving: fc.boolean(),
      terminating: fc.boolean(),
      nodeName: fc.constantFrom('node-1', 'node-2', ''),
    })
    .map(({ address, ...more }) => endpoint(address, more))

const policies = fc.constantFrom('Cluster' as const, 'Local' as const)

const anyService = (family: Family): fc.Arbitrary<Service> => {
  const { clusterIP, external, balancer, ranges, backends } = pools[family]
  return fc
    .record({
      type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
      externalIPs: fc.constantFrom([], [external], [external, balancer]),
      loadBalancerSourceRanges: fc.subarray([...ranges]),
      internalTrafficPolicy: policies,
      externalTrafficPolicy: policies,
      affinitySeconds: fc.constantFrom(null, 60),
      weights: fc.option(fc.dictionary(fc.constantFrom(...backends), fc.integer({ min: 0, max: 65_535 })), {
        nil: null,
      }),
    })
    .map(({ type, protocol, ...more }) =>
      service({
        ...more,
        type,
        clusterIPs: [clusterIP],
        ports: [port({ protocol, nodePort: type === 'ClusterIP' ? 0 : 30_080 })],
        loadBalancerIngress: type === 'LoadBalancer' ? [{ ip: balancer, ipMode: 'VIP' }] : [],
        healthCheckNodePort: 32_000,
      }),
    )
}

const anyNode: fc.Arbitrary<NodeView> = fc
  .record({
    clusterCIDRs: fc.constantFrom([], [pools.IPv4.pods, pools.IPv6.pods]),
    nodePortAddresses: fc.constantFrom(null, ['192.168.1.0/24', '2001:db8:1::/64'], ['127.0.0.0/8']),
    localhostNodePorts: fc.boolean(),
    masqueradeAll: fc.boolean(),
    tcpBeLiberal: fc.boolean(),
    masqueradeBit: fc.constantFrom(0, 14, 31),
  })
  .map((more) => ({ ...nodeOne, addresses: ['192.168.0.2', '192.168.1.2', '2001:db8:1::2'], ...more }))

const packetsTo = (family: Family): Packet[] => {
  const { clusterIP, external, balancer, unused, sources } = pools[family]
  const node = family === 'IPv4' ? ['192.168.0.2', '192.168.1.2'] : ['2001:db8:1::2']
  const dialled: [string, number][] = [
    ...[clusterIP, external, balancer, unused].flatMap((to): [string, number][] => [
      [to, 80],
      [to, 81],
    ]),
    ...[...node, external].map((to): [string, number] => [to, 30_080]),
  ]
  const packets = (from: string): Packet[] =>
    (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
      dialled.map(([to, portNumber]) => ({ from, to, port: portNumber, protocol })),
    )
  const loopback: Packet = { from: '127.0.0.1', to: '127.0.0.1', port: 30_080, protocol: 'TCP' }
  return [...sources.flatMap(packets), ...(family === 'IPv4' ? [loopback] : [])]
}

test.each(['IPv4', 'IPv6'] as const)(
  'every packet meets what the oracle says, with the odds of the weights (%s)',
  (family) => {
    const packets = packetsTo(family)
    fc.assert(
      fc.property(
        anyNode,
        anyService(family),
        fc.array(anyEndpoint(family), { maxLength: 5 }),
        (node, one, endpoints) => {
          const { frontends } = planService(one, [slice(endpoints, { family, ports: one.ports })], node)
          const plane = createIptablesPlane()
          const programs = [plane.base(node), ...frontends.map((frontend) => plane.compile(frontend, node))]
          const trace = plane.trace(programs, node)
          const plan = new Map(frontends.map((frontend) => [frontend.key, frontend]))
          for (const packet of packets) {
            // without localhostNodePorts a refused node port is refused there too, as by kube-proxy
            if (packet.to === '127.0.0.1' && !node.localhostNodePorts) continue
            const decision = decide(plan, packet, node)
            const traced = trace(packet)
            const total = decision.backends.reduce((sum, { weight }) => sum + weight, 0)
            const said = {
              verdict: decision.verdict,
              ...(decision.verdict === 'dnat' && { masquerade: decision.masquerade }),
              backends: decision.backends.map(({ backend, masquerade }) => [
                formatEndpoint(backend.address, backend.port),
                masquerade,
              ]),
            }
            const done = {
              verdict: traced.verdict,
              ...(traced.verdict === 'dnat' && { masquerade: traced.masquerade }),
              backends: traced.backends.map((backend) => [
                formatEndpoint(backend.address, backend.port),
                backend.masquerade,
              ]),
            }
            expect([packet, done]).toEqual([packet, said])
            expect(traced.unknown).toEqual([])
            traced.backends.forEach(({ probability }, index) => {
              const odds = Number(probability.numerator) / Number(probability.denominator)
              expect(odds).toBeCloseTo((decision.backends[index]?.weight ?? 0) / total, 8)
            })
          }
        },
      ),
      { numRuns: RUNS },
    )
  },
  60_000,
)
