import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { type Child, startChild } from '../../test/support/child-calls.ts'
import type { FlowRequest, FlowValue } from '../../test/support/flows.ts'
import { createNamespace } from '../../test/support/namespaces.ts'
import { clusterIP } from '../../src/lab/scale/objects.ts'
import type { ApiRequest, ApiValue, Mishap } from './api-protocol.ts'
import { Churn } from './churn.ts'
import { kindOf, NODE_ADDRESS } from './cluster.ts'
import { Mishaps } from './mishaps.ts'
import type { Holding, SoakRequest, SoakSample, SoakValue, Verdict } from './protocol.ts'
import { type Limits, type Measure, type Trends, trendsOf } from './trends.ts'

export interface SoakOptions {
  /** simulated */
  readonly hours: number
  readonly services: number
  readonly endpoints: number
  readonly seed: string
  /** simulated seconds between two moments at which something happens, default 5 */
  readonly tickSeconds?: number
  /** samples per simulated hour, default 4 */
  readonly samplesPerHour?: number
  /** part of the time that memory may take to find its level, default 1/6 */
  readonly warmUp?: number
  /** growth that counts as flat, over the time measured */
  readonly limits?: Partial<Limits>
  /** for tests of the soak itself: what the agent's process is to keep of every change, bytes */
  readonly leakBytes?: number
  readonly progress: (line: string) => void
}

/** docs/json.md, "bench soak". */
export interface SoakReport {
  readonly hours: number
  readonly services: number
  readonly endpoints: number
  readonly seed: string
  readonly changes: number
  /** what befell the connection to the API server */
  readonly mishaps: Readonly<Record<Mishap, number>>
  readonly transactions: number
  readonly foreignChanges: number
  readonly realSeconds: number
  readonly warmUpHours: number
  readonly samples: readonly SoakSample[]
  readonly trends: Trends
  /** the kernel holds what the plan says, as the agent that ran all the time found by reading it */
  readonly inSync: boolean
  /** what a new agent with the same objects wrote into this kernel, transactions: 0 when the kernel equals the plan */
  readonly restartWrites: number
  readonly complaints: Readonly<Record<string, number>>
  readonly verdict: 'flat' | 'growing' | 'unclear' | 'not in sync'
}

/** Runs the whole agent on the real kernel of a namespace of its own, on simulated time. */
export const benchSoak = async (options: SoakOptions): Promise<SoakReport> => {
  const { hours, tickSeconds = 5, samplesPerHour = 4, warmUp = 1 / 6, progress } = options
  await using stack = new AsyncDisposableStack()
  const place = await openPlace(stack, options)
  const started = performance.now()
  const churn = new Churn(options)
  const api = stack.use(startApi(place.namespace))
  const mishaps = new Mishaps(options.seed, tickSeconds)
  let turn = 0
  await load(api, churn.objects(), turn)
  const url = (await api.call({ ask: 'url' })) as string
  const agent = stack.use(startAgent(place.namespace, options.leakBytes))
  await agent.call({ ask: 'start', url, turn })
  const rounds = Math.max(1, Math.round(hours * samplesPerHour))
  const ticks = Math.round(3_600 / tickSeconds / samplesPerHour)
  const samples: SoakSample[] = []
  let changes = 0
  for (let round = 0; round < rounds; round++) {
    for (const events of churn.round(ticks, 1 / samplesPerHour)) {
      changes += events.length
      await place.traffic()
      for (const mishap of mishaps.next()) await api.call({ ask: 'mishap', mishap })
      await api.call({ ask: 'tell', events, turn: ++turn })
      const step = { ask: 'step', ms: tickSeconds * 1_000, changes: events.length } as const
      await agent.call({ ...step, turn: mishaps.outage ? null : turn })
    }
    for (const mishap of mishaps.end()) await api.call({ ask: 'mishap', mishap })
    await agent.call({ ask: 'step', turn, ms: 60_000, changes: 0 })
    if (round % (samplesPerHour * 6) === samplesPerHour) place.interfere()
    const holding = (await agent.call({ ask: 'sample' })) as Holding
    samples.push({ hour: (round + 1) / samplesPerHour, ...holding })
    if ((round + 1) % samplesPerHour === 0)
      progress(
        `hour ${(round + 1) / samplesPerHour}: ${changes} changes, heap ${holding.heapMiB.toFixed(2)} MiB, RSS ${holding.rssMiB.toFixed(1)} MiB`,
      )
  }
  const verdict = (await agent.call({ ask: 'verify' })) as Verdict
  await agent.call({ ask: 'stop' })
  const restart = await restartOn(place.namespace, url, turn)
  const warmUpHours = hours * warmUp
  const trends = trendsOf(
    samples.filter(({ hour }) => hour > warmUpHours),
    options.limits,
  )
  const { transactions, foreignChanges, complaints } = verdict
  const inSync = verdict.inSync && restart.inSync
  return {
    hours,
    services: options.services,
    endpoints: options.endpoints,
    seed: options.seed,
    changes,
    mishaps: mishaps.counts,
    transactions,
    foreignChanges,
    realSeconds: Math.round((performance.now() - started) / 1_000),
    warmUpHours,
    samples,
    trends,
    inSync,
    restartWrites: restart.transactions,
    complaints,
    verdict: inSync && restart.transactions === 0 ? worst(trends) : 'not in sync',
  }
}

interface Place {
  readonly namespace: string
  /** new flows through the UDP Services, so that connections are counted and conntrack has something to forget */
  traffic(): Promise<void>
  /** somebody else's hand on our rules */
  interfere(): void
}

const FLOWS = 10

const openPlace = async (stack: AsyncDisposableStack, { services }: SoakOptions): Promise<Place> => {
  const { name } = stack.use(createNamespace('ek-soak', 'node'))
  const inside = (...command: readonly string[]): void =>
    void execFileSync('ip', ['netns', 'exec', name, ...command], { timeout: 30_000, stdio: 'pipe' })
  inside('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
  inside('ip', 'address', 'add', `${NODE_ADDRESS}/24`, 'dev', 'eth0')
  inside('ip', 'link', 'set', 'eth0', 'up')
  inside('ip', 'route', 'add', 'default', 'dev', 'lo')
  const script = fileURLToPath(new URL('../../test/support/flows.ts', import.meta.url))
  const flows = stack.use(startChild<FlowRequest, FlowValue>(script, [], { namespace: name, deadlineMs: 60_000 }))
  const udp = Array.from({ length: services }, (_, index) => index).filter((index) => kindOf(index) === 'udp')
  let turn = 0
  return {
    namespace: name,
    async traffic() {
      const index = udp[turn++ % udp.length]
      if (index !== undefined) await flows.call({ ask: 'send', to: clusterIP(index), port: 80, count: FLOWS })
    },
    interfere: () => inside('nft', 'flush', 'chain', 'ip', 'evenkeel', 'postrouting'),
  }
}

const startAgent = (namespace: string, leakBytes = 0): Child<SoakRequest, SoakValue> =>
  startChild(fileURLToPath(new URL('agent.ts', import.meta.url)), [String(leakBytes)], {
    namespace,
    deadlineMs: 120_000,
    execArgv: ['--expose-gc'],
  })

const startApi = (namespace: string): Child<ApiRequest, ApiValue> =>
  startChild(fileURLToPath(new URL('api.ts', import.meta.url)), [], { namespace, deadlineMs: 60_000 })

const load = async (api: Child<ApiRequest, ApiValue>, all: Iterable<RawObject>, turn: number): Promise<void> => {
  let objects: RawObject[] = []
  for (const object of all) {
    objects.push(object)
    if (objects.length < 50) continue
    await api.call({ ask: 'put', objects })
    objects = []
  }
  await api.call({ ask: 'put', objects })
  await api.call({ ask: 'tell', events: [], turn })
}

const restartOn = async (namespace: string, url: string, turn: number): Promise<Verdict> => {
  await using agent = startAgent(namespace)
  await agent.call({ ask: 'start', url, turn })
  return (await agent.call({ ask: 'verify' })) as Verdict
}

const worst = (trends: Trends): 'flat' | 'growing' | 'unclear' => {
  const verdicts = (Object.keys(trends) as Measure[]).map((measure) => trends[measure].verdict)
  if (verdicts.includes('growing')) return 'growing'
  return verdicts.includes('unclear') ? 'unclear' : 'flat'
}
