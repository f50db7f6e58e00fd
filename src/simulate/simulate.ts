import { availableParallelism } from 'node:os'
import { checkScenario } from './check.ts'
import { sampleTimes } from './engine/run.ts'
import type { Outcome, RunOutcome, Scenario, SimulateOptions } from './model.ts'
import { type Gathering, gather, gatheringOf, outcomeOf } from './outcome.ts'
import { type Batch, type BatchDone, type Work, oneRun, workOff } from './runs.ts'
import { type Crew, ownThread, type ThreadPool, threadPool } from './threads.ts'

const DEFAULT_RUNS = 1_000
const DEFAULT_EVENTS = 1_000_000_000
/** events of one moment are told apart by 32-bit numbers */
const MOST_EVENTS = 4_000_000_000

/** One run, in this thread: run `run` of `simulate` with the same seed. Throws RangeError on a scenario that makes no sense. */
export const simulateOnce = (scenario: Scenario, seed: string, run = 0): RunOutcome => {
  checkScenario(scenario)
  return oneRun({ scenario, seed, maxEvents: DEFAULT_EVENTS }, run)
}

/**
 * Many runs. The outcome depends on scenario, seed and runs alone. Rejects with a RangeError on a scenario that makes no sense or takes
 * too long, and with the signal's reason when aborted.
 */
export const simulate = async (scenario: Scenario, options: SimulateOptions = {}): Promise<Outcome> => {
  await using pool = threadPool()
  return await simulateIn(pool, scenario, options)
}

/** As `simulate`, in threads that serve other scenarios before and after. */
export const simulateIn = async (
  pool: ThreadPool,
  scenario: Scenario,
  options: SimulateOptions = {},
): Promise<Outcome> => {
  const { runs = DEFAULT_RUNS, seed = '1', maxEvents = DEFAULT_EVENTS, signal, onProgress } = options
  checkOptions(options)
  checkScenario(scenario)
  signal?.throwIfAborted()
  const work: Work = { scenario, seed, maxEvents: Math.min(maxEvents, MOST_EVENTS) }
  const [first] = outcomesOf(workOff(work, { from: 0, to: 1 }))
  if (first === undefined) throw new Error('a batch of one run has one outcome')
  const gathering = gatheringOf(scenario, sampleTimes(scenario), first.pods.length, runs)
  gather(gathering, 0, first)
  onProgress?.(1, runs)
  const progress = { done: 1 }
  await crewFor(pool, work, options, first.processed * (runs - 1)).workOff(batchesOf(1, runs), (batch) => {
    take(gathering, batch)
    progress.done += batch.outcomes.length
    onProgress?.(progress.done, runs)
  })
  return outcomeOf(gathering, seed)
}

const checkOptions = ({ runs = 1, threads = 0, maxEvents = 1 }: SimulateOptions): void => {
  if (!Number.isSafeInteger(runs) || runs < 1) throw new RangeError(`runs: a whole number from 1, not ${runs}`)
  if (!Number.isSafeInteger(threads) || threads < 0 || threads > 1024)
    throw new RangeError(`threads: a whole number from 0 to 1,024, not ${threads}`)
  if (!(maxEvents >= 1)) throw new RangeError(`maxEvents: 1 or more, not ${maxEvents}`)
}

/** Below so many events in all a thread costs more time than it saves. */
const WORTH_A_THREAD = 1_000_000

const crewFor = (pool: ThreadPool, work: Work, { threads, signal }: SimulateOptions, events: number): Crew => {
  const wanted = threads ?? Math.min(availableParallelism(), Math.floor(events / WORTH_A_THREAD))
  return wanted === 0 ? ownThread(work, signal) : pool.crew(work, wanted, signal)
}

/** Small at first and at most 32 runs, so that progress is told and no thread waits long for another. */
const batchesOf = (from: number, runs: number): Batch[] => {
  const size = Math.max(1, Math.min(32, Math.ceil(runs / 64)))
  const batches: Batch[] = []
  for (let start = from; start < runs; start += size) batches.push({ from: start, to: Math.min(runs, start + size) })
  return batches
}

const take = (gathering: Gathering, batch: BatchDone): void => {
  for (const [i, outcome] of outcomesOf(batch).entries()) gather(gathering, batch.from + i, outcome)
}

const outcomesOf = ({ outcomes, failed }: BatchDone): readonly RunOutcome[] => {
  if (failed !== null) throw new RangeError(`run ${failed.run}: ${failed.message}`)
  return outcomes
}
