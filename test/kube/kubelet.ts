import type { KubeObject, WatchEvent } from './api.ts'
import type { KubeCluster } from './cluster.ts'
import { podCIDRs } from './network.ts'
import type { ServedPod } from './pods.ts'

type NodeName = keyof typeof podCIDRs

/** Runs what it is told and tells the API server, for all nodes at once. */
export interface Kubelet extends AsyncDisposable {
  /** as a readiness probe would */
  setReady(pod: string, ready: boolean): Promise<void>
  /** While true, deleted pods stay, terminating; set to false, they go. */
  holdTerminating(held: boolean): Promise<void>
}

export interface PodServers {
  start(pod: ServedPod): Promise<void>
  stop(name: string): Promise<void>
}

/** A minimal kubelet: pods bound to our nodes get addresses, a server and a status; deleted ones go at once. */
export const startKubelet = (cluster: KubeCluster, servers: PodServers, onError: (error: Error) => void): Kubelet => {
  const { api } = cluster
  const stop = new AbortController()
  const started = new Map<string, KubeObject>()
  const terminating = new Set<string>()
  const used: Record<NodeName, number> = { 'node-a': 1, 'node-b': 1 }
  let holding = false

  const pathOf = ({ metadata }: KubeObject): string => `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
  const finish = async (pod: KubeObject): Promise<void> => {
    await servers.stop(pod.metadata.name)
    started.delete(pod.metadata.name)
    terminating.delete(pod.metadata.name)
    const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }
    await api.call('DELETE', pathOf(pod), body).catch(unlessGone)
  }
  const begin = async (pod: KubeObject): Promise<void> => {
    const node = pod.spec?.['nodeName'] as NodeName
    if (!(node in podCIDRs)) return
    started.set(pod.metadata.name, pod)
    const index = ++used[node]
    const addresses = podCIDRs[node].map((cidr) => addressAt(cidr, index))
    await servers.start({ name: pod.metadata.name, addresses, ports: portsOf(pod) })
    await api.call('PATCH', `${pathOf(pod)}/status`, statusOf(addresses)).catch(unlessGone)
  }
  const handle = async ({ type, object }: WatchEvent): Promise<void> => {
    const { name, deletionTimestamp } = object.metadata
    if (type === 'DELETED') {
      if (started.delete(name)) await servers.stop(name)
    } else if (deletionTimestamp !== undefined) {
      started.set(name, object)
      terminating.add(name)
      if (!holding) await finish(object)
    } else if (type === 'ADDED' && !started.has(name)) await begin(object)
    else if (type === 'MODIFIED' && !started.has(name) && object.spec?.['nodeName']) await begin(object)
  }
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await api.watch('/api/v1/pods?watch=true', (event) => void handle(event).catch(onError), stop.signal)
      // the API server is away, or ended the watch
      if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })()
  return {
    async setReady(pod, ready) {
      const object = started.get(pod)
      if (!object) throw new Error(`no pod ${pod}`)
      await api.call('PATCH', `${pathOf(object)}/status`, { status: { conditions: conditions(ready) } })
    },
    async holdTerminating(held) {
      holding = held
      if (!held) for (const name of terminating) await finish(started.get(name) ?? fail(`no pod ${name}`))
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
    },
  }
}

const fail = (message: string): never => {
  throw new Error(message)
}

const unlessGone = (error: Error & { readonly status?: number }): void => {
  if (error.status !== 404 && error.status !== 409) throw error
}

const addressAt = (cidr: string, index: number): string => {
  const network = cidr.split('/')[0] ?? ''
  return network.includes(':') ? `${network}${index.toString(16)}` : network.replace(/\d+$/, String(index))
}

const portsOf = (pod: KubeObject): ServedPod['ports'] => {
  const containers = pod.spec?.['containers'] as readonly {
    readonly ports?: readonly { readonly containerPort: number; readonly protocol?: 'TCP' | 'UDP' }[]
  }[]
  return containers.flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol = 'TCP' }) => ({ port: containerPort, protocol })),
  )
}

const conditions = (ready: boolean): readonly object[] =>
  ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: ready || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
    lastTransitionTime: new Date().toISOString(),
  }))

const statusOf = (addresses: readonly string[]): object => ({
  status: {
    phase: 'Running',
    podIP: addresses[0],
    podIPs: addresses.map((ip) => ({ ip })),
    startTime: new Date().toISOString(),
    conditions: conditions(true),
  },
})
