import { describe, expect, it } from 'vitest'
import { Faults } from '../../sources/faults.ts'
import type { Raw } from '../../sources/fields.ts'
import { parseObject } from '../../sources/objects.ts'
import { addPods, makeCluster, type PodSpec } from '../cluster.ts'
import { allocate } from './allocate.ts'
import { endpointSlices, endpointsPerSlice, type PodState } from './endpoint-slices.ts'
import { type LabService, readLabService } from './service.ts'

const service = (spec: Raw, metadata: Raw = {}): LabService => {
  const faults = new Faults()
  const raw = {
    metadata: { name: 'web', ...metadata },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  }
  const read = readLabService(raw, faults)
  expect(faults.length).toBe(0)
  const [allocated] = allocate([read]).services
  if (allocated === undefined) throw new Error('not allocated')
  return allocated
}

const pod = (name: string, change: Partial<PodSpec> = {}): PodSpec => ({
  namespace: 'default',
  name,
  labels: { app: 'web' },
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  ...change,
})

const twoNodes = makeCluster('unit', 2, [])

interface Slice {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly addressType: string
  readonly ports: readonly { readonly name: string; readonly port: number }[]
  readonly endpoints: readonly {
    readonly addresses: readonly string[]
    readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean }
    readonly nodeName: string
    readonly hints?: {
      readonly forZones?: readonly { name: string }[]
      readonly forNodes?: readonly { name: string }[]
    }
  }[]
}

const slices = (
  of: LabService,
  specs: readonly PodSpec[],
  state: (name: string) => Partial<PodState> = () => ({}),
): readonly Slice[] => {
  const { pods, nodes } = addPods(twoNodes, specs)
  const states = pods.map((pod) => ({ pod, ready: true, terminating: false, ...state(pod.name) }))
  const made = endpointSlices(of, states, nodes)
  for (const raw of made) expect(parseObject(raw, () => 'test').problems).toEqual([])
  return made as readonly Slice[]
}

describe('conditions', () => {
  it.each([
    // ready, terminating, publishNotReadyAddresses → ready, serving, terminating
    [true, false, false, { ready: true, serving: true, terminating: false }],
    [false, false, false, { ready: false, serving: false, terminating: false }],
    [true, true, false, { ready: false, serving: true, terminating: true }],
    [false, true, false, { ready: false, serving: false, terminating: true }],
    [false, false, true, { ready: true, serving: false, terminating: false }],
    [true, true, true, { ready: true, serving: true, terminating: true }],
  ])('pod ready %s, terminating %s, publishNotReadyAddresses %s', (ready, terminating, publish, conditions) => {
    const [slice] = slices(service({ publishNotReadyAddresses: publish }), [pod('a')], () => ({ ready, terminating }))
    expect(slice?.endpoints[0]?.conditions).toEqual(conditions)
  })
})

describe('ports', () => {
  it('resolves a named port pod by pod, and puts pods that differ in slices of their own', () => {
    const named = service({ ports: [{ name: 'web', port: 80, targetPort: 'http' }] })
    const other = pod('b', { ports: [{ name: 'http', protocol: 'TCP', port: 9090 }] })
    const made = slices(named, [pod('a'), other])
    expect(made.map(({ ports }) => ports)).toEqual([
      [{ name: 'web', protocol: 'TCP', port: 8080 }],
      [{ name: 'web', protocol: 'TCP', port: 9090 }],
    ])
    expect(new Set(made.map(({ metadata }) => metadata.name)).size).toBe(2)
  })

  it('leaves out a port that no container has under this name and protocol', () => {
    const named = service({ ports: [{ port: 53, targetPort: 'http', protocol: 'UDP' }] })
    expect(slices(named, [pod('a')])[0]?.ports).toEqual([])
  })

  it('takes the Service’s own port where there is no target port', () => {
    expect(slices(service({ ports: [{ port: 80 }] }), [pod('a')])[0]?.ports[0]?.port).toBe(80)
  })
})

describe('hints', () => {
  const hintsOf = (spec: Raw, ready = true) =>
    slices(service(spec), [pod('a', { node: 'node-1' })], () => ({ ready }))[0]?.endpoints[0]?.hints

  it.each([
    ['', undefined],
    ['Whatever', undefined],
    ['PreferClose', { forZones: [{ name: 'zone-b' }] }],
    ['PreferSameZone', { forZones: [{ name: 'zone-b' }] }],
    ['PreferSameNode', { forZones: [{ name: 'zone-b' }], forNodes: [{ name: 'node-1' }] }],
  ])('trafficDistribution %j', (trafficDistribution, hints) => {
    expect(hintsOf({ trafficDistribution })).toEqual(hints)
  })

  it('gives an endpoint that is not ready none', () => {
    expect(hintsOf({ trafficDistribution: 'PreferClose' }, false)).toBeUndefined()
  })
})

describe('slices', () => {
  it('holds pods of the selector and the namespace only', () => {
    const made = slices(service({ selector: { app: 'web', tier: 'front' } }), [
      pod('a'),
      pod('b', { labels: { app: 'web', tier: 'front', more: 'yes' } }),
      pod('c', { labels: { app: 'web', tier: 'front' }, namespace: 'other' }),
    ])
    expect(made.flatMap(({ endpoints }) => endpoints.map(({ addresses }) => addresses[0]))).toEqual(['10.244.1.2'])
  })

  it('has one set for each family', () => {
    const made = slices(service({ ipFamilyPolicy: 'RequireDualStack' }), [pod('a')])
    expect(made.map(({ addressType, endpoints }) => [addressType, endpoints[0]?.addresses])).toEqual([
      ['IPv4', ['10.244.0.2']],
      ['IPv6', ['fd00:10:244::2']],
    ])
  })

  it(`takes at most ${endpointsPerSlice} endpoints, under the same names every time`, () => {
    const pods = Array.from({ length: 150 }, (_, i) => pod(`p-${i}`))
    const made = slices(service({}), pods)
    expect(made.map(({ endpoints }) => endpoints.length)).toEqual([100, 50])
    expect(slices(service({}), pods).map(({ metadata }) => metadata.name)).toEqual(
      made.map(({ metadata }) => metadata.name),
    )
  })

  it('is one without endpoints when no pod matches', () => {
    const [slice] = slices(service({}), [])
    expect(slice).toMatchObject({ endpoints: [], ports: [] })
  })

  it('carries the Service’s labels, so that its proxy knows it', () => {
    const labels = { 'service.kubernetes.io/service-proxy-name': 'evenkeel', 'kubernetes.io/service-name': 'forged' }
    expect(slices(service({}, { labels }), [pod('a')])[0]?.metadata.labels).toMatchObject({
      'service.kubernetes.io/service-proxy-name': 'evenkeel',
      'kubernetes.io/service-name': 'web',
    })
  })

  it('marks those of a headless Service', () => {
    const made = endpointSlices(service({ clusterIP: 'None' }), [], []) as readonly Slice[]
    expect(made[0]?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'])
  })

  it.each([
    ['without a selector', { selector: null }],
    ['of type ExternalName', { type: 'ExternalName', externalName: 'example.org' }],
    ['with an empty selector', { selector: {} }],
  ])('a Service %s gets no endpoints', (_, spec) => {
    expect(slices(service(spec), [pod('a')]).flatMap(({ endpoints }) => endpoints)).toEqual([])
  })
})
