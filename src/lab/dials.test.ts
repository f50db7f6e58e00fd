import { describe, expect, it } from 'vitest'
import type { SchedulerName } from '../model/frontend.ts'
import type { Family } from '../model/objects.ts'
import type { Raw } from '../sources/fields.ts'
import { makeCluster } from './cluster.ts'
import { allocate } from './controller/allocate.ts'
import { readApplication } from './controller/application.ts'
import { balancerNodes, type Dial, dialsOf, planLab } from './dials.ts'
import type { Source } from './sources.ts'

interface Given {
  readonly spec?: Raw
  readonly metadata?: Raw
  /** nodes of the pods */
  readonly pods?: readonly string[]
  readonly scheduler?: SchedulerName
}

/** A Service of some pods on two nodes, and the ways from pod-0, node-0 and the client. */
const lab = ({ spec = {}, metadata = {}, pods: places = ['node-0', 'node-1'], scheduler = 'rr' }: Given) => {
  const labels = { app: 'web' }
  const raw = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', ...metadata },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  }
  const application = readApplication([{ raw, where: () => 'test' }], { nodes: 2 })
  const { services } = allocate(application.services)
  const cluster = makeCluster(
    'unit',
    2,
    places.map((node, i) => ({ namespace: 'default', name: `pod-${i}`, labels, ports: [], node })),
  )
  const pods = cluster.pods.map((pod) => ({ pod, ready: true, terminating: false }))
  const plan = planLab({ nodes: cluster.nodes, services, pods, slices: [], annotations: {} })
  const [pod] = cluster.pods
  const [node] = cluster.nodes
  const [service] = services
  if (!pod || !node || !service) throw new Error('an empty lab')
  const remote = { pid: 0, request: () => Promise.reject(new Error('no traffic here')), release() {}, async kill() {} }
  const sources: readonly Source[] = [
    { ...pod, kind: 'pod', remote },
    { ...node, kind: 'node', node: node.name, remote },
    { ...cluster.client, kind: 'client', node: '', remote },
  ]
  return { dials: dialsOf(plan, service, sources, scheduler), balancers: balancerNodes(plan, service) }
}

const shown = ({ source, target, via, shares }: Dial): string =>
  `${source.name} → ${via} ${target.address}:${target.port} ${[...shares].map(([pod, share]) => `${pod.slice(8)}=${share}`).join(' ')}`

describe('ways to a Service', () => {
  it('of type ClusterIP lead from inside only', () => {
    expect(lab({}).dials.map(shown)).toEqual([
      'pod-0 → ClusterIP 10.96.1.0:80 pod-0=0.5 pod-1=0.5',
      'node-0 → ClusterIP 10.96.1.0:80 pod-0=0.5 pod-1=0.5',
    ])
  })

  it('of type NodePort lead in by every node, in each family', () => {
    const ways = lab({ spec: { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack' } }).dials
    const outside = ways.filter(({ source }) => source.kind === 'client')
    expect(outside.map(({ target }) => target.address)).toEqual([
      '192.168.77.10',
      '192.168.77.11',
      'fd00:77::10',
      'fd00:77::11',
    ])
    const families = ways.map(({ target }): Family => (target.address.includes(':') ? 'IPv6' : 'IPv4'))
    expect(families.filter((family) => family === 'IPv6')).toHaveLength(ways.length / 2)
  })

  it.each([
    ['rr', [0.75, 0.25]],
    ['random', [0.75, 0.25]],
    ['maglev', [0.5, 0.5]],
  ] as const)('follow weights where the scheduler does: %s', (scheduler, shares) => {
    const annotations = { 'evenkeel.io/weights': '{"pod-0": 3, "pod-1": 1}' }
    expect([...(lab({ metadata: { annotations }, scheduler }).dials[0]?.shares.values() ?? [])]).toEqual(shares)
  })

  it('follow traffic policies: a balancer sends to a node that has an endpoint', () => {
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
    const { dials, balancers } = lab({ spec, pods: ['node-1'] })
    expect([...balancers]).toEqual([['192.168.88.1', 'node-1']])
    const outside = dials.filter(({ source }) => source.kind === 'client')
    expect(outside.map(({ node, via }) => `${via} ${node}`)).toEqual(['LoadBalancer node-1', 'NodePort node-1'])
  })

  it('follow hints', () => {
    const { dials } = lab({ spec: { trafficDistribution: 'PreferSameNode' } })
    expect(dials.map(({ shares }) => [...shares.keys()])).toEqual([['default/pod-0'], ['default/pod-0']])
  })

  it('are none to a Service without endpoints, headless, or of a protocol without sockets', () => {
    expect(lab({ spec: { selector: { app: 'other' } } }).dials).toEqual([])
    expect(lab({ spec: { clusterIP: 'None' } }).dials).toEqual([])
    expect(lab({ spec: { ports: [{ port: 80, protocol: 'SCTP' }] } }).dials).toEqual([])
  })
})
