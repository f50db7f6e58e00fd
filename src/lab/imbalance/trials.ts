import type { Capabilities, PlaneName } from '../../dataplane/plane.ts'
import { loadPlane } from '../../dataplane/registry.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import { type Agents, startAgents } from '../agents.ts'
import type { PodSpec } from '../cluster.ts'
import type { LabService } from '../controller/service.ts'
import { type Lab, openLab } from '../lab.ts'
import type { Skipped } from '../report.ts'
import { runnablePlanes } from '../variant.ts'
import type { ImbalanceOptions } from './scenario.ts'

/** What a scenario's labs hold, and what is tried in them. */
export interface TrialPlan {
  readonly scenario: string
  readonly nodes: number
  readonly pods: readonly PodSpec[]
  /** allocated (controller/allocate.ts) */
  readonly services: readonly LabService[]
  /** tried on every plane that has them; the others are skipped by name */
  readonly schedulers: readonly SchedulerName[]
}

/** A running cluster with agents in sync, all of one plane and one scheduler. */
export interface Trial {
  readonly lab: Lab
  readonly agents: Agents
  readonly plane: PlaneName
  readonly scheduler: SchedulerName
  readonly capabilities: Capabilities
  /** 1, 2, … */
  readonly repetition: number
  /** of what is left to chance here; another for each trial */
  readonly seed: string
}

interface Case {
  readonly plane: PlaneName
  readonly scheduler: SchedulerName
  readonly capabilities: Capabilities
}

/** What is done in each lab. */
export interface TrialWork<T, P extends AsyncDisposable> {
  /** once for each lab: what it needs besides pods and Services; throws when the options' signal aborts */
  prepare(lab: Lab): Promise<P>
  run(trial: Trial, prepared: P): Promise<readonly T[]>
}

/**
 * Every plane that runs here with every scheduler that it has, one after another, each as often as asked; a lab for each plane. A plane that is
 * added to the registry takes part without a word here. Throws when no plane runs, when a trial fails, and as soon as the signal aborts; the labs
 * are gone by then.
 */
export const runTrials = async <T, P extends AsyncDisposable>(
  options: ImbalanceOptions,
  plan: TrialPlan,
  work: TrialWork<T, P>,
): Promise<{ readonly results: readonly T[]; readonly skipped: readonly Skipped[] }> => {
  const planes = await runnablePlanes(options.planes)
  const { cases, skipped } = await casesOf(planes.run, options.schedulers ?? plan.schedulers)
  const results: T[] = []
  for (const [plane, own] of Map.groupBy(cases, (one) => one.plane))
    results.push(...(await inOneLab(options, plan, { plane, cases: own, work })))
  return { results, skipped: [...planes.skipped, ...skipped] }
}

export const casesOf = async (
  planes: readonly PlaneName[],
  schedulers: readonly SchedulerName[],
): Promise<{ readonly cases: readonly Case[]; readonly skipped: readonly Skipped[] }> => {
  const cases: Case[] = []
  const skipped: Skipped[] = []
  for (const plane of planes) {
    const { capabilities } = await loadPlane(plane)
    for (const scheduler of schedulers)
      if (capabilities.schedulers.includes(scheduler)) cases.push({ plane, scheduler, capabilities })
      else skipped.push({ plane, scheduler, reason: `the plane has ${capabilities.schedulers.join(', ')}` })
  }
  return { cases, skipped }
}

const inOneLab = async <T, P extends AsyncDisposable>(
  options: ImbalanceOptions,
  plan: TrialPlan,
  {
    plane,
    cases,
    work,
  }: { readonly plane: PlaneName; readonly cases: readonly Case[]; readonly work: TrialWork<T, P> },
): Promise<readonly T[]> => {
  const { signal, repeat } = options
  await using lab = await labOf(options, plan)
  await using prepared = await work.prepare(lab)
  const agents = await agentsOf(lab, plane, options)
  const results: T[] = []
  for (const one of cases) {
    await lab.publish({ annotations: { 'evenkeel.io/scheduler': one.scheduler } })
    await agents.inSync(signal)
    for (let repetition = 1; repetition <= repeat; repetition++) {
      const trial = trialOf(options, plan, { ...one, lab, agents, repetition })
      results.push(...(await unlessAborted(work.run(trial, prepared), signal)))
    }
  }
  return results
}

export const labOf = (options: ImbalanceOptions, { scenario, nodes, pods, services }: TrialPlan): Promise<Lab> =>
  openLab({ ...options, scenario, nodes, pods, services, slices: [] })

/** They end with the lab, and what they wrote goes with its namespaces: nobody has to wait until each has cleaned its node. */
export const agentsOf = (lab: Lab, plane: PlaneName, { progress }: ImbalanceOptions): Promise<Agents> => {
  progress(`evenkeel run --plane ${plane} on ${lab.cluster.nodes.length} nodes`)
  return startAgents(lab, plane)
}

const trialOf = (
  { seed, progress, repeat }: ImbalanceOptions,
  { scenario }: TrialPlan,
  own: Omit<Trial, 'seed'>,
): Trial => {
  const { plane, scheduler, repetition } = own
  progress(`${scenario} on ${plane} by ${scheduler}${repeat > 1 ? ` (${repetition}/${repeat})` : ''}`)
  return { ...own, seed: `${scenario} ${seed} ${plane} ${scheduler} ${repetition}` }
}

/** Leaves off as soon as the signal aborts; what was waited for fails by itself when its lab goes. */
export const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  work.catch(() => {})
  aborted.catch(() => {})
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
