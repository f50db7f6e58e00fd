import { describe, expect, test } from 'vitest'
import { iptablesText } from '../../../test/support/iptables-text.ts'
import { endpoint, nodeOne, port, service, slice } from '../../../test/support/services.ts'
import type { NodeView } from '../../model/node-view.ts'
import type { EndpointSlice, Service } from '../../model/objects.ts'
import { planService } from '../../routing/plan.ts'
import { createIptablesPlane } from './index.ts'
import type { IptablesObject } from './objects.ts'

const fours: NodeView = { ...nodeOne, families: ['IPv4'] }

const near = endpoint('10.0.1.10', { nodeName: 'node-1' })
const far = endpoint('10.0.2.10')
const far2 = endpoint('10.0.3.10')

const compiled = (one: Service, slices: readonly EndpointSlice[], node: NodeView = fours) => {
  const plane = createIptablesPlane()
  return planService(one, slices, node).frontends.map((frontend) => plane.compile(frontend, node))
}

const once = (objects: readonly IptablesObject[]): readonly IptablesObject[] => [
  ...new Map(objects.map((object) => [object.key, object])).values(),
]

const rules = (one: Service, slices: readonly EndpointSlice[], node: NodeView = fours): string => {
  const objects = once(compiled(one, slices, node).flatMap((program) => program.objects))
  return ['ip', 'ip6'].map((family) => iptablesText(objects, family as 'ip' | 'ip6')).join('')
}

const golden = (name: string, text: string) => expect(text).toMatchFileSnapshot(`golden/${name}.rules`)

const balanced = (more: Partial<Service> = {}): Service =>
  service({
    type: 'LoadBalancer',
    ports: [port({ nodePort: 30080 })],
    externalIPs: ['198.51.100.7'],
    loadBalancerIngress: [{ ip: '198.51.100.20', ipMode: 'VIP' }],
    ...more,
  })

describe('golden', () => {
  const base = (node: NodeView, family: 'ip' | 'ip6'): string =>
    iptablesText(createIptablesPlane().base(node).objects, family)

  test('the node', () => golden('base', base(fours, 'ip')))
  test('the node: IPv6, node ports on some addresses, another mark, tcpBeLiberal', () =>
    golden(
      'base-6',
      base(
        {
          ...nodeOne,
          families: ['IPv6'],
          nodePortAddresses: ['2001:db8:1::/64'],
          masqueradeBit: 12,
          tcpBeLiberal: true,
          localhostNodePorts: true,
        },
        'ip6',
      ),
    ))
  test('the node: node ports on loopback, counters of the kernel', () =>
    golden(
      'base-localhost',
      base({ ...fours, localhostNodePorts: true, nfacct: true, nodePortAddresses: ['127.0.0.0/8'] }, 'ip'),
    ))

  test('a cluster IP', () => golden('cluster-ip', rules(service(), [slice([near, far, far2])])))
  test('a cluster IP: nobody is known to be a pod', () =>
    golden('cluster-ip-no-pods', rules(service(), [slice([far])], { ...fours, clusterCIDRs: [] })))
  test('a cluster IP: masqueradeAll, SCTP, no port name', () =>
    golden(
      'masquerade-all',
      rules(
        service({ ports: [port({ name: '', protocol: 'SCTP' })] }),
        [slice([far], { ports: [{ name: '', protocol: 'SCTP', port: 8080 }] })],
        { ...fours, masqueradeAll: true },
      ),
    ))
  test('a large cluster, affinity: no comments on the rules for endpoints', () =>
    golden('large', rules(service({ affinitySeconds: 60 }), [slice([near, far])], { ...fours, largeCluster: true })))
  test('pods known by interface, IPv6, affinity', () =>
    golden(
      'affinity-6',
      rules(
        balanced({
          clusterIPs: ['fd00:172::41'],
          externalIPs: [],
          loadBalancerIngress: [],
          affinitySeconds: 10_800,
          externalTrafficPolicy: 'Local',
          healthCheckNodePort: 32_000,
        }),
        [slice([endpoint('fd00:10:1::10', { nodeName: 'node-1' }), endpoint('fd00:10:2::10')])],
        { ...nodeOne, families: ['IPv6'], clusterCIDRs: [], podInterface: { name: 'veth', prefix: true } },
      ),
    ))
  test('every way in', () => golden('everywhere', rules(balanced(), [slice([near, far])])))
  test('every way in, policy Local', () =>
    golden(
      'local',
      rules(balanced({ externalTrafficPolicy: 'Local', internalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 }), [
        slice([near, far]),
      ]),
    ))
  test('policy Local without an endpoint here', () =>
    golden(
      'local-none',
      rules(balanced({ externalTrafficPolicy: 'Local', internalTrafficPolicy: 'Local' }), [slice([far])]),
    ))
  test('source ranges, one of them the node’s', () =>
    golden(
      'ranges',
      rules(balanced({ loadBalancerSourceRanges: ['203.0.113.0/24', '192.168.0.0/16', 'fd00::/8'] }), [slice([far])]),
    ))
  test('no endpoints', () => golden('refused', rules(balanced(), [])))
  test('no endpoints, IPv6', () =>
    golden('refused-6', rules(service({ clusterIPs: ['fd00:172::41'] }), [], { ...nodeOne, families: ['IPv6'] })))
  test('no endpoints, source ranges, node ports on some addresses', () =>
    golden(
      'refused-ranges',
      rules(balanced({ loadBalancerSourceRanges: ['203.0.113.0/24'] }), [], {
        ...fours,
        localhostNodePorts: true,
        nodePortAddresses: ['192.168.0.0/24', '127.0.0.1/32'],
      }),
    ))
  test('weights', () =>
    golden('weights', rules(service({ weights: { '10.0.1.10': 5, '10.0.3.10': 2 } }), [slice([near, far, far2])])))
  test('node ports on loopback are counted', () =>
    golden(
      'localhost',
      rules(service({ type: 'NodePort', ports: [port({ nodePort: 30080 })] }), [slice([far])], {
        ...fours,
        localhostNodePorts: true,
        nfacct: true,
      }),
    ))
})

describe('chains of a ServicePort', () => {
  const programs = compiled(balanced({ externalTrafficPolicy: 'Local' }), [slice([near, far])])
  const byKey = Map.groupBy(
    programs.flatMap(({ objects }) => objects),
    ({ key }) => key,
  )

  test('are the same from every frontend, and the objects are too', () => {
    expect(programs.length).toBe(4)
    const plane = createIptablesPlane()
    const several = [...byKey.values()].filter((objects) => objects.length > 1)
    expect(several.length).toBeGreaterThan(3)
    for (const [first, ...others] of several) {
      for (const other of others) expect(first && plane.equal(first, other)).toBe(true)
      expect(first && plane.shared(first)).toBe(true)
    }
  })

  test('what is no chain of theirs stands in one program alone', () => {
    const plane = createIptablesPlane()
    for (const [first, ...others] of byKey.values())
      if (first && !plane.shared(first)) expect([first.key, others.length]).toEqual([first.key, 0])
  })

  test('no program has a key twice', () => {
    for (const { objects } of programs) expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length)
  })

  test('5,000 endpoints are 5,000 chains of two rules and 5,000 shares', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => endpoint(`10.${1 + (index >> 8)}.${index & 255}.7`))
    const [program] = compiled(service(), [slice(many)])
    const chains = program?.objects.filter((object) => object.kind === 'chain') ?? []
    expect(chains.length).toBe(5_001)
    const lengths = chains.map((chain) => chain.rules.length).sort((a, b) => a - b)
    expect([lengths[0], lengths[4_999], lengths[5_000]]).toEqual([2, 2, 5_001])
  })
})

test('endpoints stand in the order of their text, as kube-proxy has it', () => {
  const list = ['10.0.1.9', '10.0.1.10', '10.0.1.100'].map((address) => endpoint(address))
  const [program] = compiled(service(), [slice(list)])
  const pick = program?.objects.find((object) => object.kind === 'chain' && object.chain.startsWith('KUBE-SVC-'))
  const order = (pick?.kind === 'chain' ? pick.rules : []).flatMap((rule) => / -> ([^"]+)"/.exec(rule)?.[1] ?? [])
  expect(order).toEqual(['10.0.1.100:8080', '10.0.1.10:8080', '10.0.1.9:8080'])
})

test('schedulers that need more than chance are refused by name and served at random', () => {
  for (const scheduler of ['rr', 'sh', 'maglev', 'lc'])
    expect(compiled(service({ scheduler }), [slice([near])])[0]?.refused).toEqual([
      `scheduler ${scheduler}: iptables rules can only choose at random; served by random`,
    ])
  expect(compiled(service({ scheduler: 'random' }), [slice([near])])[0]?.refused).toEqual([])
  expect(rules(service({ scheduler: 'rr' }), [slice([near, far])])).toBe(rules(service(), [slice([near, far])]))
})

test('several ranges of pods in one family are more than a rule can ask for', () => {
  const node = { ...fours, clusterCIDRs: ['10.0.0.0/16', '10.1.0.0/16'] }
  expect(() => compiled(service(), [slice([near])], node)).toThrow(/clusterCIDR: 10\.0\.0\.0\/16 and 10\.1\.0\.0\/16/)
})
