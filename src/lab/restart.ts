import { setTimeout as sleep } from 'node:timers/promises'
import { loadPlane } from '../dataplane/registry.ts'
import { maxOverMean, variation } from '../inspect/statistics/index.ts'
import type { SchedulerName } from '../model/frontend.ts'
import { serviceKey } from '../model/objects.ts'
import { randomBelow, seededRandom } from '../util/random.ts'
import { type Agents, startAgents } from './agents.ts'
import { allocate } from './controller/allocate.ts'
import type { LabService } from './controller/service.ts'
import { type Dial, dialsOf, planLab } from './dials.ts'
import { evenPod } from './even.ts'
import { type Lab, openLab } from './lab.ts'
import { backendsOf, connectionTimeoutMs, sendAll, spread, sumOf } from './measure.ts'
import { keepForPlay } from './play.ts'
import { readCounts } from './pods.ts'
import type { RunReport, Skipped } from './report.ts'
import { reportOf, runFaults, type ScenarioOptions, type ScenarioResult } from './scenario.ts'
import type { Source } from './sources.ts'
import { runnablePlanes } from './variant.ts'
import type { ConnectResult, HeldResult, HoldRequest, PulseRequest } from './traffic-protocol.ts'

/**
 * The scenario `restart`: agents are killed and started again while endpoints come, go and change their minds, new connections
 * are opened all the time and old ones stay open. Nothing may fail, nothing may be cut, and in the end kernel and plan agree.
 */
export const runRestart = async (options: ScenarioOptions): Promise<ScenarioResult> => {
  const { run: planes, skipped: without } = await runnablePlanes(options.planes)
  const skipped: Skipped[] = [...without]
  const { services } = allocate(options.application.services)
  const runs: RunReport[] = []
  for (const plane of planes) {
    const { capabilities } = await loadPlane(plane)
    for (const scheduler of options.schedulers ?? [capabilities.defaultScheduler]) {
      if (!capabilities.schedulers.includes(scheduler)) {
        skipped.push({ plane, scheduler, reason: `the plane has ${capabilities.schedulers.join(', ')}` })
        continue
      }
      await using lab = await openLab({ ...options, services, pods: options.application.pods, slices: [] })
      await using agents = await startAgents(lab, plane)
      runs.push(await restartRun(lab, agents, scheduler, options))
      if (!options.keep) continue
      await keepForPlay(lab, agents)
      return resultOf(options, runs, skipped)
    }
  }
  return resultOf(options, runs, skipped)
}

const resultOf = (
  options: ScenarioOptions,
  runs: readonly RunReport[],
  skipped: readonly Skipped[],
): ScenarioResult => ({
  report: reportOf(options, runs, skipped),
  faults: runs.flatMap(runFaults),
})

/** new connections from each source */
const perSecond = 20

const restartRun = async (
  lab: Lab,
  agents: Agents,
  scheduler: SchedulerName,
  options: ScenarioOptions,
): Promise<RunReport> => {
  const { signal, progress } = options
  await lab.publish({ annotations: { 'evenkeel.io/scheduler': scheduler } })
  await agents.inSync(signal)
  const [service] = lab.control.services
  if (service === undefined) throw new Error('the scenario has no Service')
  const dials = dialsOf(planLab(lab.control), service, lab.sources, scheduler)
  const before = await readCounts(lab.pods)
  progress('connections that stay open')
  const opened = await holdOpen(dials)
  await startPulses(dials)
  await disturb(lab, agents, options)
  const traffic = [...(await stopPulses(dials)), ...(await theRest(dials, options))]
  const stillOpen = await askHeld(lab.sources)
  const outOfSync = (await agents.status()).filter(({ inSync }) => !inSync)
  const after = await readCounts(lab.pods)
  return {
    plane: agents.plane,
    scheduler,
    ...whatHappened(
      lab,
      service,
      traffic,
      backendsOf(lab, service, before, after, () => null),
    ),
    held: { opened, cut: opened - stillOpen },
    restarts: options.restarts,
    outOfSync: outOfSync.map(({ node }) => node),
  }
}

const whatHappened = (
  lab: Lab,
  service: LabService,
  traffic: readonly ConnectResult[],
  backends: RunReport['backends'],
): Omit<RunReport, 'plane' | 'scheduler'> => {
  const counts = backends.filter(({ name }) => lab.control.pods.some(({ pod }) => pod.name === name))
  const seen = counts.map(({ connections }) => connections)
  return {
    service: serviceKey(service),
    ...sumOf(traffic),
    backends,
    maxOverMean: maxOverMean(seen),
    cv: variation(seen),
    p: 1,
    pLower: 1,
    verdict: null,
  }
}

const bySource = (dials: readonly Dial[]): readonly (readonly [Source, readonly Dial[]])[] => [
  ...Map.groupBy(dials, ({ source }) => source),
]

const holdOpen = async (dials: readonly Dial[]): Promise<number> => {
  const held = await Promise.all(
    bySource(dials).map(([{ remote }, own]) => {
      const request: HoldRequest = {
        targets: own.map(({ target }) => target),
        perTarget: 2,
        timeoutMs: connectionTimeoutMs,
      }
      return remote.request<HeldResult>('hold', request, 120_000)
    }),
  )
  const errors = held.flatMap((one) => Object.entries(one.errors))
  if (errors.length > 0)
    throw new Error(`connections could not be opened: ${JSON.stringify(Object.fromEntries(errors))}`)
  return held.reduce((sum, { open }) => sum + open, 0)
}

const askHeld = async (sources: readonly Source[]): Promise<number> => {
  const held = await Promise.all(
    sources.map(({ remote }) => remote.request<HeldResult>('askHeld', { timeoutMs: connectionTimeoutMs })),
  )
  await Promise.all(sources.map(({ remote }) => remote.request('releaseHeld')))
  return held.reduce((sum, { open }) => sum + open, 0)
}

const startPulses = async (dials: readonly Dial[]): Promise<void> => {
  await Promise.all(
    bySource(dials).map(([{ remote }, own]) => {
      const targets = own.map(({ target }) => target)
      const request: PulseRequest = { targets, perSecond, timeoutMs: connectionTimeoutMs }
      return remote.request('pulse', request)
    }),
  )
}

const stopPulses = (dials: readonly Dial[]): Promise<readonly ConnectResult[]> =>
  Promise.all(bySource(dials).map(([{ remote }]) => remote.request<ConnectResult>('stopPulse')))

/** As many more as were asked for. */
const theRest = async (
  dials: readonly Dial[],
  { connections, seed }: ScenarioOptions,
): Promise<readonly ConnectResult[]> => sendAll(dials, spread(dials.length, connections, seed))

/** Each kill falls somewhere between a change of the endpoints and the moment when all nodes have taken it up. */
const disturb = async (
  lab: Lab,
  agents: Agents,
  { seed, restarts, signal, progress }: ScenarioOptions,
): Promise<void> => {
  const random = seededRandom(`restart ${seed}`)
  const atFirst = lab.control.pods.length
  for (let i = 0; i < restarts; i++) {
    signal.throwIfAborted()
    const node = lab.cluster.nodes[i % lab.cluster.nodes.length]
    if (node === undefined) return
    const change = changeOf(lab, i, atFirst)
    progress(`kill ${i + 1}/${restarts}: evenkeel run on ${node.name}; ${change.what}`)
    await change.happen()
    await sleep(randomBelow(random, 200))
    await agents.crash(node.name)
    await agents.inSync(signal)
    await sleep(200)
  }
}

/** In turn: a pod is not ready, all are again, a new one comes, it is to go but serves to the end, it has gone. */
const changeOf = (
  lab: Lab,
  index: number,
  atFirst: number,
): { readonly what: string; readonly happen: () => Promise<unknown> } => {
  const { pods } = lab.control
  const unready = pods[index % atFirst]?.pod
  const added = pods[atFirst]?.pod
  const turn = index % 5
  if (turn === 0 && unready) {
    const happen = () => lab.setPod(unready, { ready: false })
    return { what: `${unready.name} is not ready`, happen }
  }
  if (turn === 1) {
    const happen = () => lab.publish({ pods: pods.map((state) => ({ ...state, ready: true })) })
    return { what: 'every pod is ready', happen }
  }
  if (turn === 2) {
    const name = `pod-${lab.cluster.pods.length}`
    return { what: `${name} comes`, happen: () => lab.addPod(evenPod(name)) }
  }
  if (turn === 3 && added) {
    return { what: `${added.name} terminates`, happen: () => lab.setPod(added, { terminating: true }) }
  }
  if (turn === 4 && added) return { what: `${added.name} has gone`, happen: () => lab.removePod(added) }
  return { what: 'nothing changes', happen: async () => {} }
}
