import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { objectId, parseObject } from './objects.ts'

const parse = (raw: unknown) => parseObject(raw, (path) => `here${path.length > 0 ? '+' : ''}`)

describe('parseObject', () => {
  it.each<[string, unknown]>([
    ['a kind that no proxy reads', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: 5 }],
    [
      "another group's kind of the same name",
      { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'x' } },
    ],
    ['a kind named like a part of every object', { apiVersion: 'v1', kind: 'constructor' }],
  ])('leaves %s alone', (_, raw) => {
    expect(parse(raw)).toEqual({ id: '', object: null, problems: [] })
  })

  it.each<[string, unknown, string, string]>([
    ['a list', [], '', 'must be a map with apiVersion and kind, not a list'],
    ['nothing', null, '', 'must be a map with apiVersion and kind, not null'],
    ['no kind', { apiVersion: 'v1' }, 'kind', 'is required, e.g. Service'],
    ['no apiVersion', { kind: 'Service' }, 'apiVersion', 'is required, e.g. v1'],
    [
      'a version that is not read',
      { apiVersion: 'discovery.k8s.io/v1beta1', kind: 'EndpointSlice', metadata: { name: 'x' } },
      'apiVersion',
      'must be discovery.k8s.io/v1, not "discovery.k8s.io/v1beta1"',
    ],
    ['no metadata', { apiVersion: 'v1', kind: 'Node' }, 'metadata.name', 'is required'],
  ])('refuses %s', (_, raw, field, message) => {
    expect(parse(raw)).toMatchObject({ object: null, problems: [{ field, message }] })
  })

  it('names the object and the place of the field', () => {
    expect(parse({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { type: 1 } })).toEqual({
      id: 'Service default/web',
      object: null,
      problems: [
        {
          where: 'here+',
          object: 'Service default/web',
          field: 'spec.type',
          message: 'must be ClusterIP, NodePort, LoadBalancer, ExternalName, not 1',
        },
      ],
    })
  })

  it('reads a Node: InternalIP before ExternalIP, no host names, whatever its labels are called', () => {
    const labels = { 'topology.kubernetes.io/zone': 'a', constructor: 'x', bad: 1 }
    const addresses = [
      { type: 'Hostname', address: 'node-0' },
      { type: 'ExternalIP', address: '8.8.8.8' },
      { type: 'InternalIP', address: '192.168.0.2' },
      { type: 'InternalIP', address: 'FD00::2' },
      { type: 'InternalIP', address: 'x' },
    ]
    const spec = { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00:1::/64', 'x'] }
    const { object, problems } = parse({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-0', labels },
      spec,
      status: { addresses },
    })
    expect(object?.value).toEqual({
      name: 'node-0',
      labels: { 'topology.kubernetes.io/zone': 'a', constructor: 'x' },
      addresses: ['192.168.0.2', 'fd00::2', '8.8.8.8'],
      podCIDRs: ['10.0.0.0/24', 'fd00:1::/64'],
      leaving: false,
    })
    expect(problems.map(({ field }) => field)).toEqual([
      'metadata.labels.bad',
      'status.addresses[4].address',
      'spec.podCIDRs[2]',
    ])
  })

  it.each<readonly [string, object, object]>([
    ['deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }, {}],
    [
      'about to be deleted by the autoscaler',
      {},
      { taints: [{ key: 'x' }, { key: 'ToBeDeletedByClusterAutoscaler' }] },
    ],
  ])('knows a Node that is %s', (_, metadata, spec) => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0', ...metadata }, spec }
    expect(parse(node).object?.value).toMatchObject({ leaving: true })
    expect(
      parse({ ...node, metadata: { name: 'node-0' }, spec: { taints: [{ key: 'x' }] } }).object?.value,
    ).toMatchObject({ leaving: false })
  })

  it.each(['v1', 'v1beta1'])('reads a ServiceCIDR of networking.k8s.io/%s', (version) => {
    const raw = {
      apiVersion: `networking.k8s.io/${version}`,
      kind: 'ServiceCIDR',
      metadata: { name: 'kubernetes' },
      spec: { cidrs: ['10.96.0.0/12', 'fd00::1/108'] },
    }
    expect(parse(raw).object?.value).toEqual({ name: 'kubernetes', cidrs: ['10.96.0.0/12', 'fd00::/108'] })
  })

  it('lets the caller keep one string for the names that many objects repeat', () => {
    const seen = new Set<string>()
    const intern = (text: string): string => {
      seen.add(text)
      return text
    }
    parseObject(
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 's', labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 1 }],
        endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'node-0', zone: 'a', hints: { forZones: [{ name: 'b' }] } }],
      },
      () => '',
      intern,
    )
    expect(seen).toEqual(new Set(['default', 'default/web', 'http', 'node-0', 'a', 'b']))
  })
})

const samples = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'service.kubernetes.io/service-proxy-name': 'evenkeel' },
      annotations: { 'evenkeel.io/scheduler': 'rr', 'evenkeel.io/weights': '{"web-0": 1}' },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1', 'fd00::1'],
      ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }],
      externalIPs: ['8.8.8.8'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      internalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      healthCheckNodePort: 30081,
    },
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'VIP' }] } },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv6',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['fd00::1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'node-0',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'node-0' }] },
        targetRef: { kind: 'Pod', name: 'web-0' },
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0', labels: { zone: 'a' } },
    spec: { podCIDRs: ['10.0.0.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.2' }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'x' },
    spec: { cidrs: ['10.96.0.0/12'] },
  },
]

/** Puts each value at one of the places of the sample, all of which are counted through. */
const spoil = (sample: unknown, spoils: readonly (readonly [number, unknown])[]): unknown => {
  const root = { sample: structuredClone(sample) }
  for (const [choice, value] of spoils) {
    const places: [Record<string, unknown>, string][] = []
    const visit = (map: Record<string, unknown>): void => {
      for (const [key, inside] of Object.entries(map)) {
        places.push([map, key])
        if (typeof inside === 'object' && inside !== null && places.length < 500)
          visit(inside as Record<string, unknown>)
      }
    }
    visit(root)
    const [map, key] = places[choice % places.length]!
    map[key] = value
  }
  return root.sample
}

const values = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, maxDepth: 1 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    [],
    {},
    [{}],
    [[]],
    'None',
    '0.0.0.0',
    '::',
    '1.2.3.4/0',
    'x'.repeat(500),
  ),
)

describe('parseObject, given anything', () => {
  it('takes the samples that the next test spoils', () => {
    for (const sample of samples) expect(parse(sample).problems).toEqual([])
  })

  it('never throws, answers an object or says why not, and keeps messages short', () => {
    const spoilt = fc.tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), values), { minLength: 1, maxLength: 4 }),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          spoilt.map(([sample, spoils]) => spoil(sample, spoils)),
        ),
        (raw) => {
          const { id, object, problems } = parse(raw)
          if (object !== null) expect(objectId(object)).toBe(id)
          for (const { message } of problems) expect(message.length).toBeLessThan(300)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
