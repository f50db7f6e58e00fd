import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyNoCluster } from '../../test/kube/binaries.ts'
import type { Running } from '../../test/kube/processes.ts'
import { startChild } from '../../test/support/child-calls.ts'
import type { ClusterShape } from '../../src/lab/scale/objects.ts'
import type { Started } from './control-plane-protocol.ts'
import {
  type ControlPlane,
  measureChanges,
  measureConnect,
  measureStorm,
  type Node,
  type SeenBy,
  unreachable,
  untilHealthy,
  untilReachable,
} from './measure.ts'
import { monotonicMs } from './monotonic.ts'
import { API_ADDRESS, apiNamespace, NODE_ADDRESS, nodeNamespace } from './network.ts'
import type { PeerReport } from './peer-report.ts'
import { peerClusterIP } from './objects.ts'
import { processUsage } from './process-usage.ts'
import { type IptablesBackend, isOwn, type PeerName, startProxy, usesIptables } from './proxies.ts'
import { type Ratios, ratiosOf } from './ratios.ts'

export interface PeersOptions extends ClusterShape {
  readonly peers: readonly PeerName[]
  readonly changes: number
  readonly storm: number
  readonly iptables: IptablesBackend
  /** seconds that a proxy may take to be in sync; likewise, that its changes may take together */
  readonly patience: number
  readonly progress: (line: string) => void
}

export interface PeersReport extends ClusterShape {
  readonly objects: number
  readonly populateSeconds: number
  readonly peers: readonly PeerReport[]
  readonly ratios: Ratios
  /** absent: the agent's iptables plane was not measured */
  readonly iptablesRatios?: Ratios
}

/** Each proxy in a namespace of its own, one after the other, against the same API server and objects. Throws why it cannot be done. */
export const benchPeers = async (options: PeersOptions): Promise<PeersReport> => {
  const obstacle = whyNoCluster()
  if (obstacle !== undefined) throw new Error(obstacle)
  const { services, endpoints, progress } = options
  await using stack = new AsyncDisposableStack()
  const { name: api } = stack.use(apiNamespace())
  const script = fileURLToPath(new URL('control-plane.ts', import.meta.url))
  const control: ControlPlane = stack.use(startChild(script, [], { namespace: api, deadlineMs: 1_200_000 }))
  progress(`an API server with ${services} Services of ${endpoints}`)
  const started = (await control.call({
    ask: 'start',
    services,
    endpoints,
    address: API_ADDRESS,
    node: NODE_ADDRESS,
  })) as Started
  progress(`… ${started.objects} objects in ${started.seconds.toFixed(0)} s`)
  const reports: PeerReport[] = []
  for (const peer of options.peers) reports.push(await measurePeer(peer, { ...options, api, control, started }))
  await control.call({ ask: 'stop' })
  return {
    services,
    endpoints,
    objects: started.objects,
    populateSeconds: Math.round(started.seconds),
    peers: reports,
    ratios: ratiosOf(reports, 'evenkeel'),
    ...(options.peers.includes('evenkeel-iptables') && { iptablesRatios: ratiosOf(reports, 'evenkeel-iptables') }),
  }
}

interface Setting extends PeersOptions {
  readonly api: string
  readonly control: ControlPlane
  readonly started: Started
}

const measurePeer = async (peer: PeerName, setting: Setting): Promise<PeerReport> => {
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-peers-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const { name: namespace } = stack.use(nodeNamespace(peer, setting.api))
  const script = fileURLToPath(new URL('node.ts', import.meta.url))
  const deadlineMs = (setting.patience + 60) * 1_000
  const node: Node = stack.use(startChild(script, [], { namespace, deadlineMs }))
  // the first call waits until it runs: a starting process would take CPU from the one that is measured
  await node.call({ ask: 'unreachable', targets: [] })
  setting.progress(`${peer}: start`)
  const from = monotonicMs()
  const place = { namespace, directory, kubeconfig: setting.started.kubeconfig, iptables: setting.iptables }
  const proxy = stack.use(startProxy(peer, place))
  return { peer, ...(await measureProxy(proxy, node, from, { ...setting, peer })) }
}

const measureProxy = async (
  proxy: Running,
  node: Node,
  from: number,
  { peer, control, services, changes, storm, iptables, patience, progress }: Setting & { readonly peer: PeerName },
): Promise<Omit<PeerReport, 'peer'>> => {
  const seenBy: SeenBy = usesIptables(peer) && iptables === 'legacy' ? 'connect' : 'events'
  const timeoutMs = patience * 1_000
  const inSyncMs = await untilReachable(node, sample(services), from, timeoutMs)
  if (inSyncMs === null || proxy.exit() !== null) {
    const lastWords = `${proxy.exit() ?? 'not in sync in time'}: ${proxy.lastWords(3)}`
    return { seenBy, inSyncMs: null, lastWords }
  }
  const healthyMs = await untilHealthy(node, from, 60_000)
  const atSync = processUsage(proxy.pid)
  progress(
    `${peer}: in sync after ${(inSyncMs / 1_000).toFixed(2)} s, ${atSync.cpuSeconds} s of CPU; ${changes} changes`,
  )
  const pauseMs = isOwn(peer) ? 50 : KUBE_PROXY_PAUSE
  const change = await measureChanges(control, node, {
    count: changes,
    budgetMs: timeoutMs / 2,
    pauseMs,
    timeoutMs,
    by: seenBy,
  })
  progress(`${peer}: change p50 ${change.ms.p50} ms, p99 ${change.ms.p99} ms; a storm of ${storm}`)
  const stormReport = await measureStorm(control, node, { changes: storm, timeoutMs, by: seenBy })
  progress(`${peer}: … ${stormReport.ms ?? 'not in force in time'} ms`)
  const connect = await measureConnect(node, services)
  const atEnd = processUsage(proxy.pid)
  const left = await unreachable(
    node,
    Array.from({ length: services }, (_, service) => peerClusterIP(service)),
  )
  return { seenBy, inSyncMs, healthyMs, atSync, change, storm: stormReport, connect, atEnd, unreachable: left }
}

/** ms: kube-proxy syncs at most once a second (minSyncPeriod), which is not to count against a change that comes alone. */
const KUBE_PROXY_PAUSE = 1_100

/** Services that stand for all: the first, the last, and 98 between, in an order that ends with the last. */
const sample = (services: number): readonly string[] => {
  const count = Math.min(100, services)
  return Array.from({ length: count }, (_, index) =>
    peerClusterIP(count === 1 ? 0 : Math.round((index * (services - 1)) / (count - 1))),
  )
}
