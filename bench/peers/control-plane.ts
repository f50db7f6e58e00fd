import { existsSync, statfsSync } from 'node:fs'
import { startCluster, type KubeCluster } from '../../test/kube/cluster.ts'
import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { eachOf, pathOf, populate } from '../../test/kube/populate.ts'
import { answerCalls } from '../../test/support/child-calls.ts'
import type { ChangeKind } from '../../src/lab/scale/changes.ts'
import type { ClusterShape } from '../../src/lab/scale/objects.ts'
import type { ControlPlaneRequest, ControlPlaneValue, Started, Watched, Written } from './control-plane-protocol.ts'
import { type EndpointChange, EndpointChanges } from './endpoint-changes.ts'
import { monotonicMs } from './monotonic.ts'
import { namespaceObjects, peerNode, peerService, peerSlice, SERVICE_CIDR } from './objects.ts'

const WRITERS = 32

/** A real API server with a cluster in it, the writer of its changes, and a plain watch to compare with. */
class ControlPlane {
  readonly #cluster: KubeCluster
  readonly #changes: EndpointChanges
  readonly #stop = new AbortController()
  /** when the watch had each version of each slice */
  #watched = new Map<string, number>()
  #heard: (() => void) | null = null
  #kinds = 0

  private constructor(cluster: KubeCluster, shape: ClusterShape) {
    this.#cluster = cluster
    this.#changes = new EndpointChanges(shape)
  }

  static async start(shape: ClusterShape, address: string, node: string): Promise<[ControlPlane, Started]> {
    const cluster = await startCluster({ addresses: [address], serviceCIDRs: [SERVICE_CIDR] })
    const started = performance.now()
    const progress = (made: number): void =>
      void (made % 5_000 === 0 && process.stderr.write(`bench: ${made} objects made\n`))
    const namespaces = await populate(cluster.api, [...namespaceObjects(shape.services), peerNode(node)])
    const objects = await populate(cluster.api, objectsOf(shape), { concurrency: WRITERS, progress })
    const plane = new ControlPlane(cluster, shape)
    await plane.#watch()
    const kubeconfig = await cluster.kubeconfigFor({ server: `https://${address}:${cluster.port}` })
    return [plane, { kubeconfig, objects: namespaces + objects, seconds: (performance.now() - started) / 1_000 }]
  }

  async change(kinds: readonly ChangeKind[]): Promise<Watched> {
    const change = this.#changes.next(kinds[this.#kinds++ % kinds.length] ?? 'swap')
    this.#watched = new Map()
    const { written, version } = await this.#write(change)
    while (!this.#watched.has(version)) await new Promise<void>((resolve) => (this.#heard = resolve))
    return { ...written, watchedAt: this.#watched.get(version) ?? Number.NaN }
  }

  async storm(count: number): Promise<readonly Written[]> {
    const changes = Array.from({ length: count }, () => this.#changes.next('swap'))
    const all: Written[] = []
    await eachOf(changes, WRITERS, async (change) => void all.push((await this.#write(change)).written))
    return all
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#cluster[Symbol.asyncDispose]()
  }

  async #write({ slice, ...rest }: EndpointChange): Promise<{ written: Written; version: string }> {
    const sentAt = monotonicMs()
    const stored = await this.#cluster.api.call('PUT', pathOf(slice), slice)
    return { written: { ...rest, sentAt, repliedAt: monotonicMs() }, version: stored.metadata.resourceVersion ?? '' }
  }

  async #watch(): Promise<void> {
    const { api } = this.#cluster
    const path = '/apis/discovery.k8s.io/v1/endpointslices'
    const { metadata } = await api.call('GET', `${path}?limit=1`)
    const query = `watch=1&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=7200`
    void api.watch(
      `${path}?${query}`,
      ({ object }) => {
        this.#watched.set(object.metadata.resourceVersion ?? '', monotonicMs())
        this.#heard?.()
      },
      this.#stop.signal,
    )
  }
}

function* objectsOf({ services, endpoints }: ClusterShape): Generator<RawObject> {
  for (let service = 0; service < services; service++) {
    yield peerService(service)
    const first = service * endpoints
    yield peerSlice(
      service,
      Array.from({ length: endpoints }, (_, index) => first + index),
    )
  }
}

/** A disk that syncs slowly would be measured instead of the proxies. */
const MEMORY_DISK = '/dev/shm'
const ROOM = 2 ** 30
if (existsSync(MEMORY_DISK)) {
  const { bavail, bsize } = statfsSync(MEMORY_DISK)
  if (bavail * bsize >= ROOM) process.env['TMPDIR'] = MEMORY_DISK
}

let plane: ControlPlane | null = null
const running = (): ControlPlane => {
  if (!plane) throw new Error('the control plane has not been started')
  return plane
}

answerCalls<ControlPlaneRequest, ControlPlaneValue>(async (request) => {
  switch (request.ask) {
    case 'start': {
      const [made, started] = await ControlPlane.start(request, request.address, request.node)
      plane = made
      return started
    }
    case 'change':
      return running().change(request.kinds)
    case 'storm':
      return running().storm(request.changes)
    case 'stop':
      await plane?.stop()
      return null
  }
})
