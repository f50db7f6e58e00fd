import { runOnce } from './engine/run.ts'
import type { Outcome, RunOutcome, Scenario, SimulateOptions } from './model.ts'

/** One run, in this thread: run `run` of `simulate` with the same seed. Throws RangeError on a scenario that makes no sense. */
export const simulateOnce = (scenario: Scenario, seed: string, run = 0): RunOutcome =>
  runOnce(scenario, `${seed} run ${run}`, 1e9)

/** Many runs. The outcome depends on scenario, seed and runs alone. Rejects with the signal's reason when aborted. */
export const simulate = async (scenario: Scenario, options: SimulateOptions = {}): Promise<Outcome> => {
  throw new Error(`not built yet: ${scenario.name} ${options.runs}`)
}
