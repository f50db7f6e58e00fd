import { join } from 'node:path'
import { type Quantiles, percentile, quantiles, round } from '../../util/percentile.ts'
import { ipBatch } from '../ip.ts'
import { type Remote, startRemote } from '../remote.ts'
import type { AgentConfig, ChangeRequest, Surveyed } from './agent.ts'
import type { ConnectRequest, ConnectTimes } from './connects.ts'
import { type ClusterShape, clusterIP, measuredServices, podAddress, SERVICE_PORT, TARGET_PORT } from './objects.ts'
import { nameOf, type Variant } from '../variant.ts'
import type { ConnectMicros } from './report.ts'

export interface PlaceOptions extends ClusterShape {
  readonly labId: string
  readonly prefix: string
  /** where logs go */
  readonly directory: string
  readonly variant: Variant
  readonly signal: AbortSignal
  readonly progress: (text: string) => void
}

/** What was measured while the agent was there. */
export interface Loaded {
  readonly rules: number
  readonly fullSyncMs: number
  readonly changeMs: Quantiles
}

/** What is asked of the network namespace; `connect` and `micros` after one another, as often as one likes. */
export interface Place extends Loaded {
  readonly variant: Variant
  readonly services: number
  connect(count: number): Promise<void>
  /** of all connections so far */
  micros(): ConnectMicros
}

const CLIENT = podAddress(5_000_000)
/** ms */
const SYNC_LIMIT = 240_000
const CHANGES: ChangeRequest = { count: 60, withinMs: 10_000 }
const CHANGES_LIMIT = 120_000
const CONNECT_LIMIT = 60_000

/** Rules for so many Services in a network namespace of their own; the agent has ended, its rules stay. Throws what went wrong. */
export const openPlace = async (options: PlaceOptions): Promise<Place> => {
  const { variant, services, endpoints, prefix, progress, signal } = options
  const what = `${nameOf(variant)}, ${services} Services × ${endpoints}`
  const netns = `${prefix}${nameOf(variant)}-${services}`
  progress(`${what}: first sync`)
  await ipBatch([`netns add ${netns}`])
  await ipBatch(networkLines(endpoints, measuredServices(services)), netns)
  const remote = (script: string, config: object): Remote =>
    startRemote({
      labId: options.labId,
      netns,
      script: `scale/${script}`,
      config,
      log: join(options.directory, 'log', `${nameOf(variant)}-${services}-${script}.log`),
    })
  const { order, ...loaded } = await load(remote('agent', { ...variant, services, endpoints } satisfies AgentConfig), {
    signal,
    progress: (text) => progress(`${what}: ${text}`),
  })
  const dialler = remote('dialler', {})
  const targets = targetsOf(services, order)
  const times: [number[], number[], number[], number[]] = [[], [], [], []]
  return {
    ...loaded,
    variant,
    services,
    async connect(count) {
      const request: ConnectRequest = { client: CLIENT, targets, count }
      const lists = await dialler.request<ConnectTimes>('connect', request, CONNECT_LIMIT)
      for (const [index, list] of lists.entries()) times[index]?.push(...list)
    },
    micros: () => {
      const [direct, first, middle, last] = times
      return { direct: median(direct), first: median(first), middle: median(middle), last: median(last) }
    },
  }
}

const load = async (
  agent: Remote,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
): Promise<Loaded & Pick<Surveyed, 'order'>> => {
  const stop = (): void => void agent.kill()
  signal.addEventListener('abort', stop)
  try {
    const { ms } = await agent.request<{ ms: number }>('sync', {}, SYNC_LIMIT)
    progress('changes')
    const { rules, order } = await agent.request<Surveyed>('survey', {}, CHANGES_LIMIT)
    const changes = await agent.request<readonly number[]>('change', CHANGES, CHANGES_LIMIT)
    await agent.request('stop')
    return { rules, order, fullSyncMs: round(ms), changeMs: quantiles(changes) }
  } finally {
    signal.removeEventListener('abort', stop)
    await agent.kill()
    signal.throwIfAborted()
  }
}

/** Backends of the measured Services are addresses of the namespace itself, so a connection costs nothing but itself. */
const networkLines = (endpoints: number, services: readonly number[]): readonly string[] => [
  'link set lo up',
  ...[...new Set(services)].flatMap((service) =>
    Array.from({ length: endpoints }, (_, index) => `address add ${podAddress(service * endpoints + index)}/32 dev lo`),
  ),
  `address add ${CLIENT}/32 dev lo`,
  // a connection needs a route to the Service's address before it is translated
  'route add default dev lo',
]

/** `order`: where the rules of the three measured Services stand may differ from when they were made. */
const targetsOf = (services: number, order: readonly string[] | null): ConnectRequest['targets'] => {
  const measured = measuredServices(services).map(clusterIP)
  const rank = new Map(order?.map((address, index) => [address, index]))
  if (order !== null) measured.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
  return [
    { address: podAddress(0), port: TARGET_PORT },
    ...measured.map((address) => ({ address, port: SERVICE_PORT })),
  ]
}

const median = (times: readonly number[]): number => round(percentile(times, 50))
