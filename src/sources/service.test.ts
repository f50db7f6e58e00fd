import { describe, expect, it } from 'vitest'
import type { Service } from '../model/objects.ts'
import { service } from '../../test/support/services.ts'
import { parseObject } from './objects.ts'

interface Given {
  readonly metadata?: Record<string, unknown>
  readonly spec?: unknown
  readonly status?: unknown
}

const parse = ({ metadata, spec, status }: Given) => {
  const raw = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'web', ...metadata },
    spec,
    status,
  }
  const { object, problems } = parseObject(raw, () => 'web.yaml:1')
  return {
    service: object?.kind === 'Service' ? object.value : null,
    problems: problems.map(({ field, message }) => `${field}: ${message}`),
  }
}

const bare = service({ clusterIPs: [], ports: [] })

describe('a Service', () => {
  it.each<[string, Given, Partial<Service>]>([
    ['has the defaults of the API where nothing is said', {}, {}],
    [
      'takes null for missing',
      { spec: { type: null, ports: null, clusterIP: null, sessionAffinity: null }, status: null },
      {},
    ],
    ["is in namespace 'default' without one", { metadata: { namespace: null } }, { namespace: 'default' }],
    ['has clusterIP alone', { spec: { clusterIP: '10.96.0.1' } }, { clusterIPs: ['10.96.0.1'] }],
    [
      'has clusterIPs of both families',
      { spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'FD00::0001'] } },
      { clusterIPs: ['10.96.0.1', 'fd00::1'] },
    ],
    ['writes addresses in one way', { spec: { clusterIP: '010.096.000.001' } }, { clusterIPs: ['10.96.0.1'] }],
    ['is headless by clusterIP', { spec: { clusterIP: 'None' } }, { headless: true }],
    ['is headless by clusterIPs', { spec: { clusterIP: 'None', clusterIPs: ['None'] } }, { headless: true }],
    [
      'is headless by its label',
      { metadata: { labels: { 'service.kubernetes.io/headless': '' } }, spec: { clusterIP: '10.96.0.1' } },
      { headless: true, clusterIPs: ['10.96.0.1'] },
    ],
    [
      'has ports, of TCP unless said; the target port is not read',
      {
        spec: {
          ports: [
            { port: 80, targetPort: 'web' },
            { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
          ],
        },
      },
      {
        ports: [
          { name: '', protocol: 'TCP', port: 80, nodePort: 0 },
          { name: 'dns', protocol: 'UDP', port: 53, nodePort: 30053 },
        ],
      },
    ],
    [
      'may use a number for several protocols',
      { spec: { ports: ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ port: 53, nodePort: 30053, protocol })) } },
      {
        ports: (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ name: '', protocol, port: 53, nodePort: 30053 })),
      },
    ],
    [
      'has load balancer addresses; host names carry no traffic',
      {
        status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { hostname: 'a.b' }, { ip: '::2', ipMode: 'Proxy' }] } },
      },
      {
        loadBalancerIngress: [
          { ip: '1.2.3.4', ipMode: 'VIP' },
          { ip: '::2', ipMode: 'Proxy' },
        ],
      },
    ],
    [
      'has source ranges, with spaces around them as the API allows and host bits dropped',
      { spec: { loadBalancerSourceRanges: [' 10.1.2.3/8 ', 'fd00::1/16'] } },
      { loadBalancerSourceRanges: ['10.0.0.0/8', 'fd00::/16'] },
    ],
    ['has affinity of three hours', { spec: { sessionAffinity: 'ClientIP' } }, { affinitySeconds: 10800 }],
    [
      'has affinity as said',
      { spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } } },
      { affinitySeconds: 60 },
    ],
    [
      'does not read the timeout of an affinity that is off',
      { spec: { sessionAffinity: 'None', sessionAffinityConfig: { clientIP: { timeoutSeconds: 'x' } } } },
      {},
    ],
    [
      'names its proxy and its scheduler',
      {
        metadata: {
          labels: { 'service.kubernetes.io/service-proxy-name': 'evenkeel' },
          annotations: { 'evenkeel.io/scheduler': 'maglev' },
        },
      },
      { proxyName: 'evenkeel', scheduler: 'maglev' },
    ],
    [
      'has weights by pod or by address',
      { metadata: { annotations: { 'evenkeel.io/weights': '{"web-0": 3, "FD00::0": 0, "constructor": 65535}' } } },
      { weights: { 'web-0': 3, 'fd00::': 0, constructor: 65535 } },
    ],
    ['knows its age', { metadata: { creationTimestamp: '1970-01-01T00:00:01Z' } }, { createdAt: 1000 }],
  ])('%s', (_, given, expected) => {
    expect(parse(given)).toEqual({ service: { ...bare, ...expected }, problems: [] })
  })

  it.each<[string, Given, Partial<Service>, string[]]>([
    [
      'ports',
      {
        spec: {
          ports: [{ port: 0 }, { port: '80' }, { port: 65536 }, {}, 7, { port: 81, protocol: 'tcp' }, { port: 82 }],
        },
      },
      { ports: [{ name: '', protocol: 'TCP', port: 82, nodePort: 0 }] },
      [
        'spec.ports[0].port: must be an integer 1 … 65535, not 0; this port is left out',
        'spec.ports[1].port: must be an integer 1 … 65535, not "80"; this port is left out',
        'spec.ports[2].port: must be an integer 1 … 65535, not 65536; this port is left out',
        'spec.ports[3].port: must be an integer 1 … 65535, and is required; this port is left out',
        'spec.ports[4]: must be a map, not 7; this port is left out',
        'spec.ports[5].protocol: must be TCP, UDP, SCTP, not "tcp"; this port is left out',
      ],
    ],
    [
      'ports that contradict earlier ones',
      {
        spec: {
          ports: [
            { name: 'a', port: 1, nodePort: 30001 },
            { name: 'a', port: 2 },
            { name: 'b', port: 1 },
            { name: 'c', port: 3, nodePort: 30001 },
          ],
        },
      },
      { ports: [{ name: 'a', protocol: 'TCP', port: 1, nodePort: 30001 }] },
      [
        'spec.ports[1].name: a/TCP is that of an earlier port already; this port is left out',
        'spec.ports[2].port: 1/TCP is that of an earlier port already; this port is left out',
        'spec.ports[3].nodePort: 30001/TCP is that of an earlier port already; this port is left out',
      ],
    ],
    [
      'addresses',
      {
        spec: {
          clusterIPs: ['10.96.0.1', '10.96.0.2', 'fd00::g'],
          externalIPs: ['127.0.0.1', '1.2.3', '8.8.8.8', 'fe80::1', 5],
        },
      },
      { clusterIPs: ['10.96.0.1'], externalIPs: ['8.8.8.8'] },
      [
        'spec.clusterIPs[1]: is a second IPv4 address; this address is left out',
        'spec.clusterIPs[2]: must be an IP address, not "fd00::g"; this address is left out',
        'spec.externalIPs[0]: may not be a loopback address, 127.0.0.1; this address is left out',
        'spec.externalIPs[1]: must be an IP address, not "1.2.3"; this address is left out',
        'spec.externalIPs[3]: may not be a link-local address, fe80::1; this address is left out',
        'spec.externalIPs[4]: must be an IP address, not 5; this address is left out',
      ],
    ],
    [
      'one source range of two',
      { spec: { loadBalancerSourceRanges: ['10.0.0.1', '10.0.0.0/8'] } },
      { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      [
        'spec.loadBalancerSourceRanges[0]: must be a CIDR like 10.0.0.0/8 or fd00::/64, not "10.0.0.1"; this range is left out',
      ],
    ],
    [
      'load balancer addresses',
      { status: { loadBalancer: { ingress: [{ ip: 'x' }, { ip: '1.2.3.4', ipMode: 'vip' }] } } },
      {},
      [
        'status.loadBalancer.ingress[0].ip: must be an IP address, not "x"; this ingress is left out',
        'status.loadBalancer.ingress[1].ipMode: must be VIP, Proxy, not "vip"; this ingress is left out',
      ],
    ],
    [
      'annotations of ours and its age',
      {
        metadata: {
          creationTimestamp: 'yesterday',
          annotations: { 'evenkeel.io/scheduler': 7, 'evenkeel.io/weights': '{"a": 1, "b": -1, "c": 1.5, "d": "2"}' },
        },
      },
      { weights: { a: 1 } },
      [
        'metadata.annotations[evenkeel.io/scheduler]: must be a string, not 7; the annotation is left out',
        'metadata.annotations[evenkeel.io/weights].b: must be an integer 0 … 65535, not -1; this weight is left out',
        'metadata.annotations[evenkeel.io/weights].c: must be an integer 0 … 65535, not 1.5; this weight is left out',
        'metadata.annotations[evenkeel.io/weights].d: must be an integer 0 … 65535, not "2"; this weight is left out',
        'metadata.creationTimestamp: must be a time like 2026-01-31T12:00:00Z, not "yesterday"; it is left out',
      ],
    ],
    [
      'weights that are no JSON',
      { metadata: { annotations: { 'evenkeel.io/weights': 'a: 1' } } },
      {},
      [
        'metadata.annotations[evenkeel.io/weights]: must hold a JSON map like {"web-0": 3}, not "a: 1"; the annotation is left out',
      ],
    ],
  ])('goes on without what is wrong in it: %s', (_, given, expected, problems) => {
    expect(parse(given)).toEqual({ service: { ...bare, ...expected }, problems })
  })

  it.each<[string, Given, string[]]>([
    [
      'its type',
      { spec: { type: 'clusterIP' } },
      ['spec.type: must be ClusterIP, NodePort, LoadBalancer, ExternalName, not "clusterIP"'],
    ],
    [
      'its policies',
      { spec: { internalTrafficPolicy: 1 } },
      ['spec.internalTrafficPolicy: must be Cluster, Local, not 1'],
    ],
    [
      'its affinity',
      { spec: { sessionAffinity: 'Cookie' } },
      ['spec.sessionAffinity: must be None, ClientIP, not "Cookie"'],
    ],
    [
      'its timeout',
      { spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } } },
      ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: must be an integer 1 … 86400, not 86401'],
    ],
    [
      'its only address',
      { spec: { clusterIP: '10.96.0.256' } },
      ['spec.clusterIP: must be an IP address, not "10.96.0.256"'],
    ],
    [
      'all its addresses',
      { spec: { clusterIPs: [null] } },
      [
        'spec.clusterIPs[0]: must be an IP address, not null; this address is left out',
        'spec.clusterIPs: has no usable address',
      ],
    ],
    [
      'addresses that contradict each other',
      { spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.2'] } },
      ['spec.clusterIPs: must begin with clusterIP, "10.96.0.1": they contradict each other'],
    ],
    [
      'the only source range: without it everybody would come in',
      { spec: { loadBalancerSourceRanges: ['10.0.0.0/33'] } },
      [
        'spec.loadBalancerSourceRanges[0]: must be a CIDR like 10.0.0.0/8 or fd00::/64, not "10.0.0.0/33"; this range is left out',
        'spec.loadBalancerSourceRanges: has no usable range',
      ],
    ],
    ['its spec', { spec: [] }, ['spec: must be a map, not a list']],
    ['its ports as a whole', { spec: { ports: {} } }, ['spec.ports: must be a list, not a map']],
    ['its labels', { metadata: { labels: 'x' } }, ['metadata.labels: must be a map, not "x"']],
    [
      'its name',
      { metadata: { name: 'Web_1' } },
      ['metadata.name: must be at most 63 of a-z, 0-9 and -, with a letter or digit at both ends, not "Web_1"'],
    ],
    ['the lack of a name', { metadata: { name: '' } }, ['metadata.name: is required']],
  ])('is refused for %s', (_, given, problems) => {
    expect(parse(given)).toEqual({ service: null, problems })
  })

  it('is frozen in every part', () => {
    const { service } = parse({
      metadata: { annotations: { 'evenkeel.io/weights': '{"a":1}' } },
      spec: { clusterIPs: ['10.96.0.1'], ports: [{ port: 80 }], externalIPs: ['8.8.8.8'] },
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    })
    const parts = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : []
    expect(parts(service).length).toBeGreaterThan(7)
    expect(parts(service).filter((part) => !Object.isFrozen(part))).toEqual([])
  })
})
