import type { Outcome, PodOutcome, Policy, Scenario, SimulateOptions } from './model.ts'
import { recommend, type Recommendation } from './recommend.ts'
import { simulateIn } from './simulate.ts'
import { threadPool } from './threads.ts'

/** What `evenkeel simulate -o json` prints (docs/json.md). The same for the same scenario, seed and runs, whatever the threads. */
export interface SimulationReport {
  readonly scenario: string
  readonly about: string
  readonly seed: string
  readonly runs: number
  /** seconds */
  readonly duration: number
  readonly evenLimit: number
  /** one for each policy, in the order asked */
  readonly outcomes: readonly Outcome[]
  readonly recommendation: Recommendation
}

export interface SimulationOptions extends Omit<SimulateOptions, 'onProgress'> {
  readonly runs: number
  readonly seed: string
  readonly about: string
  readonly onProgress: (done: number, runs: number, policy: string) => void
}

/** Runs each policy in turn on the same scenario and the same seeds, all in the same threads. */
export const simulateAll = async (
  scenario: Scenario,
  policies: readonly Policy[],
  { about, onProgress, ...options }: SimulationOptions,
): Promise<SimulationReport> => {
  await using pool = threadPool()
  const outcomes: Outcome[] = []
  for (const policy of policies) {
    const report = (done: number, runs: number): void => onProgress(done, runs, policy.name)
    outcomes.push(await simulateIn(pool, { ...scenario, policy }, { ...options, onProgress: report }))
  }
  return {
    scenario: scenario.name,
    about,
    seed: options.seed,
    runs: options.runs,
    duration: scenario.seconds,
    evenLimit: scenario.evenLimit,
    outcomes,
    recommendation: recommend(scenario, policies, outcomes),
  }
}

/** Pods that are still there at the end, or never had anything: those that went had something before. */
export const podsLeft = ({ pods, idle }: Outcome): readonly PodOutcome[] => {
  const someIdle = idle.end.highest > 0
  return pods.filter(({ end, share }) => end.highest > 0 || (someIdle && share.high.every((value) => value === 0)))
}
