import type { Flow, Observation } from '../../../../src/inspect/skew/observation.ts'

/** Of seconds on the clock of the test's worlds: their 0. */
export const epoch = 1_772_366_400

export const clusterAddress = '10.96.0.10'
export const port = 8080

export const addressOf = (backend: number): string => `10.1.${backend >> 7}.${(backend & 127) + 1}`

const dateOf = (seconds: number): string => new Date((epoch + seconds) * 1000).toISOString()

const weightsOf = ({ backends }: Observation): object => {
  const weights = backends.flatMap(({ name, weight }) => (weight === undefined ? [] : [[shortOf(name), weight]]))
  return weights.length === 0 ? {} : { 'evenkeel.io/weights': JSON.stringify(Object.fromEntries(weights)) }
}

const shortOf = (name: string): string => name.split('/')[1] ?? name

const serviceOf = (observation: Observation): object => {
  const { affinity, internalTrafficPolicy, externalTrafficPolicy, headless, scheduler } = observation.facts
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'default',
      annotations: {
        ...weightsOf(observation),
        ...(scheduler === undefined ? {} : { 'evenkeel.io/scheduler': scheduler }),
      },
    },
    spec: {
      type: externalTrafficPolicy === undefined ? 'ClusterIP' : 'NodePort',
      clusterIP: headless === true ? 'None' : clusterAddress,
      sessionAffinity: affinity ?? 'None',
      ...(internalTrafficPolicy === undefined ? {} : { internalTrafficPolicy }),
      ...(externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }),
      ports: [{ port: 80, targetPort: port }],
    },
  }
}

const sliceOf = ({ backends, facts }: Observation): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-a', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ port }],
  endpoints: backends.map(({ name, node, zone, ready, terminating }, i) => ({
    addresses: [addressOf(i)],
    conditions: { ready: ready !== false && terminating !== true, terminating: terminating === true },
    ...(node === undefined ? {} : { nodeName: node }),
    ...(zone === undefined ? {} : { zone }),
    ...(facts.topologyHints === true && zone !== undefined ? { hints: { forZones: [{ name: zone }] } } : {}),
    targetRef: { kind: 'Pod', namespace: 'default', name: shortOf(name) },
  })),
})

const podsOf = ({ backends }: Observation): readonly object[] =>
  backends.map(({ name, node, startedAt, ready, terminating }, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'default',
      name: shortOf(name),
      ...(terminating === true ? { deletionTimestamp: dateOf(900) } : {}),
    },
    spec: node === undefined ? {} : { nodeName: node },
    status: {
      podIP: addressOf(i),
      ...(startedAt === undefined ? {} : { startTime: dateOf(startedAt) }),
      conditions: [
        {
          type: 'Ready',
          status: ready === false ? 'False' : 'True',
          ...(startedAt === undefined ? {} : { lastTransitionTime: dateOf(ready === false ? 990 : startedAt) }),
        },
      ],
    },
  }))

/** Pods that dialled others themselves: of no other connection does a listing say that it went around the Service. */
const callersOf = (flows: readonly Flow[]): readonly object[] => {
  const callers = new Map(flows.flatMap(({ bypassed, client, node }) => (bypassed === true ? [[client, node]] : [])))
  return [...callers].map(([address, node], i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: `caller-${i}` },
    spec: node === undefined ? {} : { nodeName: node },
    status: { podIP: address },
  }))
}

/** Whoever reads objects of pods knows their names, too. */
export const knowsPods = ({ backends, facts }: Observation): boolean =>
  facts.topologyHints === true ||
  backends.some(({ startedAt, node, ready, terminating, weight }) =>
    [startedAt, node, ready, terminating, weight].some((each) => each !== undefined),
  )

/** `kubectl get services,endpointslices,pods,nodes -o json`, of pods only where the observation knows of them; null: it knows of none. */
export const printObjects = (observation: Observation): string | null => {
  const { backends, nodes = [], flows = [], facts } = observation
  const { affinity, internalTrafficPolicy, externalTrafficPolicy, headless, scheduler, sharedAddresses = [] } = facts
  const policies = [affinity, internalTrafficPolicy, externalTrafficPolicy, headless, scheduler]
  const told = facts.topologyHints === true || policies.some((each) => each !== undefined)
  const known = knowsPods(observation)
  if (!known && !told && sharedAddresses.length === 0) return null
  const zones = new Map([
    ...nodes.flatMap(({ node, zone }) => (node === '' ? [] : [[node, zone] as const])),
    ...backends.flatMap(({ node, zone }) => (node === undefined || zone === undefined ? [] : [[node, zone] as const])),
  ])
  const items = [
    ...(told ? [serviceOf(observation)] : []),
    ...(known ? [sliceOf(observation), ...podsOf(observation)] : []),
    ...callersOf(flows),
    ...[...zones].map(([name, zone]) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } },
    })),
    // addresses that stand for many clients are those of nodes that masquerade
    ...sharedAddresses.map((address, i) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `gateway-${i}` },
      status: { addresses: [{ type: 'InternalIP', address }] },
    })),
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}
