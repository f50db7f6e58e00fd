import { join } from 'node:path'
import type { ByFamily, Cluster } from './cluster.ts'
import { startRemote, type Remote } from './remote.ts'
import { directoryOf } from './state.ts'

/** Where traffic comes from: a process in the namespace of a pod, a node or the client. */
export interface Source {
  readonly name: string
  readonly kind: 'pod' | 'node' | 'client'
  /** the node that the traffic passes first; '' for the client */
  readonly node: string
  readonly addresses: ByFamily
  readonly remote: Remote
}

type Place = Omit<Source, 'remote'> & { readonly netns: string }

const places = (cluster: Cluster): readonly Place[] => [
  ...cluster.nodes.flatMap((node): Place[] => {
    const pod = cluster.pods.find((pod) => pod.node === node.name)
    return pod === undefined ? [] : [{ ...pod, kind: 'pod' }]
  }),
  ...cluster.nodes.map((node): Place => ({ ...node, kind: 'node', node: node.name })),
  { ...cluster.client, kind: 'client', node: '' },
]

/** One source in the first pod of each node (its own Service's calls come back to it sometimes: hairpin), on each node, and outside. */
export const startSources = (cluster: Cluster): readonly Source[] =>
  places(cluster).map(({ netns, name, kind, node, addresses }) => ({
    name,
    kind,
    node,
    addresses,
    remote: startRemote({
      labId: cluster.id,
      netns,
      script: 'traffic-source',
      config: {},
      log: join(directoryOf(cluster.id), 'log', `source-${name}.log`),
    }),
  }))

export const stopSources = async (sources: readonly Source[]): Promise<void> => {
  await Promise.all(sources.map(({ remote }) => remote.kill()))
}
