import { join } from 'node:path'
import { serviceKey } from '../model/objects.ts'
import { addPods, type Cluster, checkLabId, type LabPod, makeCluster, type PodSpec } from './cluster.ts'
import type { PodState } from './controller/endpoint-slices.ts'
import { type ControlState, publish } from './controller/publish.ts'
import type { LabService } from './controller/service.ts'
import { ipBatch } from './ip.ts'
import { attachPods, createNetwork } from './network.ts'
import type { PodBehaviour } from './pod-protocol.ts'
import { probePods, type RunningPod, startPods } from './pods.ts'
import { checkRequirements } from './requirements.ts'
import { type Source, startSources, stopSources } from './sources.ts'
import {
  claimLab,
  directoryOf,
  removeAbandoned,
  removeLab,
  thisProcess,
  updateRecord,
  type LabRecord,
} from './state.ts'
import { balancerLine } from './topology.ts'

export interface LabOptions {
  readonly id: string
  readonly scenario: string
  readonly nodes: number
  readonly pods: readonly PodSpec[]
  readonly services: readonly LabService[]
  /** EndpointSlices that go through as they are */
  readonly slices: readonly object[]
  readonly signal: AbortSignal
  /** what is being done, for a person who waits */
  readonly progress: (text: string) => void
  /** what a person should know afterwards, too */
  readonly note: (text: string) => void
}

/** A running cluster: namespaces, pods, sources of traffic and the controllers' manifests. Agents come on top (agents.ts). */
export class Lab implements AsyncDisposable {
  readonly directory: string
  #record: LabRecord
  #pods: readonly RunningPod[] = []
  #sources: readonly Source[] = []
  #control: ControlState
  #written: ReadonlyMap<string, string> = new Map()
  #kept = false

  constructor(record: LabRecord, control: ControlState) {
    this.#record = record
    this.#control = control
    this.directory = directoryOf(record.id)
  }

  get cluster(): Cluster {
    return this.#record.cluster
  }

  get pods(): readonly RunningPod[] {
    return this.#pods
  }

  get sources(): readonly Source[] {
    return this.#sources
  }

  get control(): ControlState {
    return this.#control
  }

  get manifests(): string {
    return join(this.directory, 'manifests')
  }

  logOf(name: string): string {
    return join(this.directory, 'log', `${name}.log`)
  }

  /** Starts servers and sources; a pod is ready once its node reaches all its ports. */
  async start(progress: (text: string) => void, signal: AbortSignal): Promise<void> {
    await createNetwork(this.cluster)
    signal.throwIfAborted()
    this.#sources = startSources(this.cluster)
    const total = this.cluster.pods.length
    this.#pods = await startPods(this.cluster, this.cluster.pods, (ready) => progress(`pods ${ready}/${total}`))
    signal.throwIfAborted()
    progress(`probes of ${total} pods`)
    await this.#probe(this.cluster.pods)
  }

  /** Changes what the controllers know and writes the manifests that differ. */
  async publish(change: Partial<ControlState>): Promise<void> {
    this.#control = { ...this.#control, ...change }
    this.#written = await publish(this.manifests, this.#control, this.#written)
  }

  /** Changes one pod's conditions, as its kubelet or its deletion would. */
  async setPod(pod: LabPod, change: Partial<Omit<PodState, 'pod'>>): Promise<void> {
    await this.publish({
      pods: this.#control.pods.map((state) => (state.pod.netns === pod.netns ? { ...state, ...change } : state)),
    })
  }

  /** A new pod: it has a server and an address, and is ready when probed. */
  async addPod(spec: PodSpec): Promise<LabPod> {
    const [pod] = await this.addPods([spec])
    if (pod === undefined) throw new Error('no pod was added')
    return pod
  }

  /**
   * New pods, published at once when the last of them is there. With `unprobed` nobody probes them: they are published as said,
   * and behave as told.
   */
  async addPods(
    specs: readonly PodSpec[],
    unprobed?: { readonly ready: boolean; readonly behaviour: PodBehaviour },
  ): Promise<readonly LabPod[]> {
    const cluster = addPods(this.cluster, specs)
    const pods = cluster.pods.slice(this.cluster.pods.length)
    this.#record = { ...this.#record, cluster }
    await updateRecord(this.#record)
    await attachPods(cluster, pods)
    this.#pods = [...this.#pods, ...(await startPods(cluster, pods, () => {}, unprobed?.behaviour))]
    if (unprobed === undefined) await this.#probe(pods)
    else this.#add(pods, unprobed.ready)
    await this.publish({})
    return pods
  }

  /** The pod's server ends and its endpoint goes; its address is not used again. */
  async removePod(pod: LabPod): Promise<void> {
    await this.publish({ pods: this.#control.pods.filter((state) => state.pod.netns !== pod.netns) })
    await this.#pods.find((running) => running.pod.netns === pod.netns)?.remote.kill()
    this.#pods = this.#pods.filter((running) => running.pod.netns !== pod.netns)
  }

  /** Sends what the client addresses to a balancer to one node. */
  async routeBalancers(nodes: ReadonlyMap<string, string>): Promise<void> {
    const lines = [...nodes].flatMap(([address, name]) => {
      const node = this.cluster.nodes.find((node) => node.name === name)
      return node === undefined ? [] : [balancerLine(address, node)]
    })
    await ipBatch(lines, this.cluster.client.netns)
  }

  /** Leaves it standing when this process ends. */
  async keep(hints: readonly string[]): Promise<void> {
    this.#record = { ...this.#record, kept: true, hints }
    await updateRecord(this.#record)
    await stopSources(this.#sources)
    for (const { remote } of this.#pods) remote.release()
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#kept) await removeLab(this.#record.id)
  }

  async #probe(pods: readonly LabPod[]): Promise<void> {
    const ready = await probePods(pods, this.#sources)
    const silent = pods.filter((pod) => !ready.includes(pod))
    if (silent.length > 0)
      throw new Error(
        `pods do not answer their node: ${silent.map((pod) => serviceKey(pod)).join(', ')} (logs in ${this.directory}/log)`,
      )
    this.#add(pods, true)
  }

  #add(pods: readonly LabPod[], ready: boolean): void {
    const states = pods.map((pod): PodState => ({ pod, ready, terminating: false }))
    this.#control = { ...this.#control, pods: [...this.#control.pods, ...states] }
  }
}

/** Makes a lab, from nothing to published manifests. What it had made goes again when a step fails or is interrupted. */
export const openLab = async (options: LabOptions): Promise<Lab> => {
  const { id, scenario, progress, note, signal } = options
  checkLabId(id)
  await checkRequirements()
  for (const abandoned of await removeAbandoned()) note(`removed lab ${abandoned}, which was left behind`)
  const cluster = makeCluster(id, options.nodes, options.pods)
  const record: LabRecord = { id, scenario, kept: false, owner: thisProcess(), cluster, hints: [] }
  const lab = new Lab(record, {
    nodes: cluster.nodes,
    services: options.services,
    pods: [],
    slices: options.slices,
    annotations: {},
  })
  await claimLab(record)
  try {
    progress(`network of ${cluster.nodes.length} nodes, ${cluster.pods.length} pods and a client`)
    await lab.start(progress, signal)
    await lab.publish({})
    return lab
  } catch (error) {
    await removeLab(id)
    throw error
  }
}
