import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../model/objects.ts'
import { parseObject } from './objects.ts'

const parse = (fields: Record<string, unknown>, labels: unknown = { 'kubernetes.io/service-name': 'web' }) => {
  const raw = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 'web-x1', labels },
    addressType: 'IPv4',
    ...fields,
  }
  const { object, problems } = parseObject(raw, () => 'web.yaml:1')
  return {
    slice: object?.kind === 'EndpointSlice' ? object.value : null,
    problems: problems.map(({ field, message }) => `${field}: ${message}`),
  }
}

const bare: Endpoint = {
  address: '10.0.0.1',
  ready: true,
  serving: true,
  terminating: false,
  nodeName: '',
  zone: '',
  hintZones: null,
  hintNodes: null,
  pod: '',
}

describe('an EndpointSlice', () => {
  it('belongs to the Service its label names', () => {
    expect(parse({}).slice).toEqual({
      namespace: 'shop',
      name: 'web-x1',
      service: 'shop/web',
      family: 'IPv4',
      ports: [],
      endpoints: [],
      weights: null,
      triggeredAt: 0,
    })
  })

  it.each([
    ['2026-01-31T12:00:00.5Z', 1769860800500, []],
    ['2026-01-31T12:00:00.123456789Z', 1769860800123, []],
    [
      'soon',
      0,
      [
        'metadata.annotations[endpoints.kubernetes.io/last-change-trigger-time]: must be a time like 2026-01-31T12:00:00Z, not "soon"; the annotation is left out',
      ],
    ],
  ])('was triggered at %s', (time, triggeredAt, problems) => {
    const metadata = {
      name: 'web-x1',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': time },
    }
    expect(parse({ metadata })).toMatchObject({ slice: { triggeredAt }, problems })
  })

  it.each<[string, Record<string, unknown>, Partial<Endpoint>]>([
    ['is ready and serving where nothing is said', {}, {}],
    [
      'is what its conditions say',
      { conditions: { ready: false, serving: true, terminating: true } },
      { ready: false, terminating: true },
    ],
    ['has null conditions', { conditions: { ready: null, serving: null, terminating: null } }, {}],
    ['serves unless said otherwise, even when it is not ready', { conditions: { ready: false } }, { ready: false }],
    ['has its place', { nodeName: 'node-0', zone: 'west/1' }, { nodeName: 'node-0', zone: 'west/1' }],
    [
      'has hints',
      { hints: { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'n' }] } },
      { hintZones: ['a', 'b'], hintNodes: ['n'] },
    ],
    ['has no hint in an empty list', { hints: { forZones: [], forNodes: null } }, {}],
    ['names its pod', { targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-0' } }, { pod: 'web-0' }],
    ['names no pod when it is something else', { targetRef: { kind: 'VirtualMachine', name: 'web-0' } }, {}],
    ['counts with its first address', { addresses: ['10.0.0.1', 'not read'] }, {}],
  ])('an endpoint %s', (_, fields, expected) => {
    const { slice, problems } = parse({ endpoints: [{ addresses: ['10.0.0.1'], ...fields }] })
    expect({ endpoints: slice?.endpoints, problems }).toEqual({ endpoints: [{ ...bare, ...expected }], problems: [] })
  })

  it('has ports; those without a number are not for proxies', () => {
    const ports = [
      { port: 80 },
      { name: 'all' },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'any', port: null },
    ]
    expect(parse({ ports })).toMatchObject({
      slice: {
        ports: [
          { name: '', protocol: 'TCP', port: 80 },
          { name: 'dns', protocol: 'UDP', port: 53 },
        ],
      },
      problems: [],
    })
  })

  it.each<[string, unknown, Record<string, unknown>?]>([
    ['of host names', { 'kubernetes.io/service-name': 'web' }, { addressType: 'FQDN', endpoints: 'anything' }],
    ['of a headless Service', { 'kubernetes.io/service-name': 'web', 'service.kubernetes.io/headless': '' }],
  ])('%s is left alone', (_, labels, fields = {}) => {
    expect(parse(fields, labels)).toEqual({ slice: null, problems: [] })
  })

  it('goes on without what is wrong in it', () => {
    const good = { addresses: ['10.0.0.1'] }
    const { slice, problems } = parse({
      ports: [{ port: 80 }, { port: 70000 }, { port: 81, name: 'UPPER' }],
      endpoints: [
        good,
        {},
        { addresses: ['10.0.0.300'] },
        { addresses: ['fd00::1'] },
        { addresses: ['127.0.0.1'] },
        { addresses: ['10.0.0.2'], conditions: { ready: 'false' } },
        { addresses: ['10.0.0.3'], conditions: [] },
        { addresses: ['10.0.0.4'], nodeName: 4 },
        { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name: 'Web 0' } },
        { addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, 'b'] } },
        'x',
      ],
    })
    expect(slice?.ports).toEqual([{ name: '', protocol: 'TCP', port: 80 }])
    expect(slice?.endpoints).toEqual([bare, bare, { ...bare, hintZones: ['a'] }])
    expect(problems).toEqual([
      'ports[1].port: must be an integer 1 … 65535, not 70000; this port is left out',
      'ports[2].name: must be at most 63 of a-z, 0-9 and -, with a letter or digit at both ends, not "UPPER"; this port is left out',
      'endpoints[1].addresses[0]: must be an IP address, not undefined; this endpoint is left out',
      'endpoints[2].addresses[0]: must be an IP address, not "10.0.0.300"; this endpoint is left out',
      "endpoints[3].addresses[0]: must be IPv4, the slice's addressType; this endpoint is left out",
      'endpoints[4].addresses[0]: may not be a loopback address, 127.0.0.1; this endpoint is left out',
      'endpoints[5].conditions.ready: must be true or false, not "false"; this endpoint is left out',
      'endpoints[6].conditions: must be a map, not a list; this endpoint is left out',
      'endpoints[7].nodeName: must be a string, not 4; this endpoint is left out',
      'endpoints[8].targetRef.name: must be at most 253 of a-z, 0-9, - and ., with a letter or digit at both ends, not "Web 0"; the name is left out',
      'endpoints[9].hints.forZones[1]: must be a map, not "b"; this hint is left out',
      'endpoints[10]: must be a map, not "x"; this endpoint is left out',
    ])
  })

  it.each<[string, Record<string, unknown>, unknown, string]>([
    ['no addressType', { addressType: null }, undefined, 'addressType: must be IPv4, IPv6, and is required'],
    ['an addressType that is none', { addressType: 'IPX' }, undefined, 'addressType: must be IPv4, IPv6, not "IPX"'],
    [
      'no Service',
      {},
      {},
      'metadata.labels[kubernetes.io/service-name]: is required: it says whose endpoints these are',
    ],
    ['endpoints that are no list', { endpoints: 'x' }, undefined, 'endpoints: must be a list, not "x"'],
  ])('is refused for %s', (_, fields, labels, problem) => {
    expect(parse(fields, labels)).toEqual({ slice: null, problems: [problem] })
  })
})
