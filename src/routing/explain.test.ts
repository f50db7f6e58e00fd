import { describe, expect, test } from 'vitest'
import { endpoint, nodeOne, port, service, slice } from '../../test/support/services.ts'
import type { Endpoint, EndpointSlice, Service } from '../model/objects.ts'
import { explainService } from './explain.ts'
import { planService } from './plan.ts'
import { whyNotServed } from './service-port.ts'

const fates = (slices: readonly EndpointSlice[], more: Partial<Service> = {}) =>
  explainService(service(more), slices, nodeOne).flatMap(({ endpoints }) =>
    endpoints.map(({ address, port, cluster, local }) => [`${address}:${port}`, cluster, local]),
  )

const here: Partial<Endpoint> = { nodeName: 'node-1' }
const terminating = { ready: false, terminating: true }

describe('why an endpoint is in or out', () => {
  test.each<[string, readonly Endpoint[], readonly (readonly string[])[]]>([
    ['ready', [endpoint('10.0.1.1', here)], [['10.0.1.1:8080', 'ready', 'ready']]],
    ['on another node', [endpoint('10.0.2.1')], [['10.0.2.1:8080', 'ready', 'not-local']]],
    ['on no known node', [endpoint('10.0.2.1', { nodeName: '' })], [['10.0.2.1:8080', 'ready', 'not-local']]],
    [
      'not ready',
      [endpoint('10.0.1.1', { ...here, ready: false, serving: false })],
      [['10.0.1.1:8080', 'not-ready', 'not-ready']],
    ],
    [
      'terminating while others are ready',
      [endpoint('10.0.1.1', { ...here, ...terminating }), endpoint('10.0.2.1')],
      [
        ['10.0.1.1:8080', 'terminating', 'serving-terminating'],
        ['10.0.2.1:8080', 'ready', 'not-local'],
      ],
    ],
    [
      'hinted for another zone',
      [endpoint('10.0.1.1', { ...here, hintZones: ['b'] }), endpoint('10.0.2.1', { hintZones: ['a'] })],
      [
        ['10.0.1.1:8080', 'other-zone', 'ready'],
        ['10.0.2.1:8080', 'ready', 'not-local'],
      ],
    ],
    [
      'hinted for another node',
      [
        endpoint('10.0.1.1', { ...here, hintNodes: ['node-2'] }),
        endpoint('10.0.1.2', { ...here, hintNodes: ['node-1'] }),
      ],
      [
        ['10.0.1.1:8080', 'other-node', 'ready'],
        ['10.0.1.2:8080', 'ready', 'ready'],
      ],
    ],
  ])('%s', (_, endpoints, expected) => expect(fates([slice(endpoints)])).toEqual(expected))

  test('weight 0', () => {
    expect(fates([slice([endpoint('10.0.1.1', here)])], { weights: { '10.0.1.1': 0 } })).toEqual([
      ['10.0.1.1:8080', 'weight-0', 'weight-0'],
    ])
  })

  test('in a second slice, and in a slice without the port', () => {
    const twice = [
      slice([endpoint('10.0.1.1', { ...here, ...terminating })]),
      slice([endpoint('10.0.1.1', here)], { name: 'web-2' }),
      slice([endpoint('10.0.1.9', here)], { name: 'web-3', ports: [{ name: 'admin', protocol: 'TCP', port: 81 }] }),
    ]
    expect(fates(twice)).toEqual([
      ['10.0.1.1:8080', 'ready', 'ready'],
      ['10.0.1.1:8080', 'duplicate', 'duplicate'],
      ['10.0.1.9:0', 'no-port', 'no-port'],
    ])
  })
})

test('who is in by its fate is in the planned set', () => {
  const slices = [slice([endpoint('10.0.1.1', here), endpoint('10.0.2.1'), endpoint('10.0.2.2', { ready: false })])]
  const [explained] = explainService(service(), slices, nodeOne)
  const [frontend] = planService(service(), slices, nodeOne).frontends
  const ready = explained?.endpoints.filter(({ cluster }) => cluster === 'ready').map(({ address }) => address)
  expect(frontend?.sets.cluster?.backends.map(({ address }) => address)).toEqual(ready)
})

describe('why a Service has no frontends here', () => {
  test.each<[Partial<Service>, string | null]>([
    [{}, null],
    [{ headless: true, clusterIPs: [] }, 'it is headless: clients find its endpoints by DNS'],
    [{ type: 'ExternalName', clusterIPs: [] }, 'type ExternalName is a DNS alias'],
    [{ clusterIPs: [] }, 'it has no cluster IP'],
    [{ ports: [] }, 'it has no ports'],
    [{ proxyName: 'other' }, 'it belongs to proxy "other" (label service.kubernetes.io/service-proxy-name)'],
  ])('%j: %s', (more, reason) => {
    expect(whyNotServed(service(more), nodeOne)).toBe(reason)
    expect(planService(service(more), [], nodeOne).frontends.length > 0).toBe(reason === null)
  })

  test('and beside another proxy', () => {
    expect(whyNotServed(service(), { ...nodeOne, proxyName: 'evenkeel' })).toBe(
      'it belongs to the default proxy (label service.kubernetes.io/service-proxy-name)',
    )
  })
})

describe('what a plan reports', () => {
  test('a scheduler that does not exist, by name', () => {
    const { frontends, problems } = planService(service({ scheduler: 'wrr' }), [], nodeOne)
    expect(frontends[0]?.scheduler).toBeNull()
    expect(problems).toMatchObject([
      { object: 'Service shop/web', field: 'metadata.annotations[evenkeel.io/scheduler]' },
    ])
    expect(problems[0]?.message).toContain('"wrr"')
  })

  test('an address that the Service has twice', () => {
    const { frontends, problems } = planService(service({ externalIPs: ['172.30.0.41'] }), [], nodeOne)
    expect(frontends.map(({ kind }) => kind)).toEqual(['ClusterIP'])
    expect(problems).toMatchObject([{ field: 'spec.ports[0]' }])
  })

  test('two ports on one number: the first keeps it', () => {
    const { frontends, problems } = planService(service({ ports: [port(), port({ name: 'again' })] }), [], nodeOne)
    expect(frontends.map(({ portName }) => portName)).toEqual(['http'])
    expect(problems).toMatchObject([{ field: 'spec.ports[1]' }])
  })

  test('a pod named as an object’s own property has no weight by accident', () => {
    const pods = ['constructor', '__proto__', 'toString'].map((pod, i) => endpoint(`10.0.1.${i}`, { pod }))
    const [frontend] = planService(service({ weights: {} }), [slice(pods)], nodeOne).frontends
    expect(frontend?.sets.cluster?.backends.map(({ weight }) => weight)).toEqual([1, 1, 1])
  })
})
