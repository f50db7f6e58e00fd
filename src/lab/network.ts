import type { Cluster, LabPod } from './cluster.ts'
import { exec } from '../kernel/exec.ts'
import { inNetns, ipBatch, listNetns } from './ip.ts'
import { cableLines, clientLines, netnsOfAll, nodeLines, podLines, sysctlScript, underlayLines } from './topology.ts'

const prepare = async (names: readonly string[]): Promise<void> => {
  await ipBatch(names.map((name) => `netns add ${name}`))
  await Promise.all(names.map((name) => exec('ip', inNetns(name, ['sh', '-c', sysctlScript]))))
}

const connectPods = async (cluster: Cluster, pods: readonly LabPod[]): Promise<void> => {
  await Promise.all(
    cluster.nodes.map(async (node) => {
      const own = pods.filter((pod) => pod.node === node.name)
      await ipBatch(own.flatMap(cableLines), node.netns)
      await Promise.all(own.map((pod) => ipBatch(podLines(pod, node), pod.netns)))
    }),
  )
}

/** Makes every namespace of the cluster and joins them. Throws what `ip` said; `removeNetwork` then clears what is there. */
export const createNetwork = async (cluster: Cluster): Promise<void> => {
  await prepare(netnsOfAll(cluster))
  await ipBatch(underlayLines(cluster), cluster.underlay)
  await Promise.all([
    ...cluster.nodes.map((node) => ipBatch(nodeLines(node, cluster), node.netns)),
    ipBatch(clientLines(cluster), cluster.client.netns),
  ])
  await connectPods(cluster, cluster.pods)
}

/** Adds pods to a running cluster. */
export const attachPods = async (cluster: Cluster, pods: readonly LabPod[]): Promise<void> => {
  await prepare(pods.map(({ netns }) => netns))
  await connectPods(cluster, pods)
}

/** Removes every namespace whose name starts with the prefix; devices go with them. Answers how many there were. */
export const removeNetwork = async (prefix: string): Promise<number> => {
  const names = (await listNetns()).filter((name) => name.startsWith(prefix))
  // by one process: a busy machine starts many slowly. One that another removes at the same moment is no failure
  const lines = names.map((name) => `netns delete ${name}\n`).join('')
  if (names.length > 0) await exec('ip', ['-force', '-batch', '-'], { input: lines, accept: [1] })
  const left = (await listNetns()).filter((name) => name.startsWith(prefix))
  if (left.length > 0) throw new Error(`cannot remove network namespaces: ${left.join(' ')}`)
  return names.length
}
