import type { RunOutcome, Scenario } from './model.ts'
import { runOnce } from './engine/run.ts'

/** What every thread needs to know: a run depends on this and its number alone. */
export interface Work {
  readonly scenario: Scenario
  readonly seed: string
  readonly maxEvents: number
}

/** Runs `from` … `to` − 1. */
export interface Batch {
  readonly from: number
  readonly to: number
}

/** What a thread is told: what it works on from now on, or runs of that. */
export type ThreadMessage = { readonly work: Work } | { readonly batch: Batch }

/** failed: the first run of the batch that could not be done, and those after it were not tried. */
export interface BatchDone {
  readonly from: number
  readonly outcomes: readonly RunOutcome[]
  readonly failed: { readonly run: number; readonly message: string } | null
}

/** Run `run`. Throws RangeError when it takes too many events. */
export const oneRun = ({ scenario, seed, maxEvents }: Work, run: number): RunOutcome =>
  runOnce(scenario, `${seed} run ${run}`, maxEvents)

export const workOff = (work: Work, { from, to }: Batch): BatchDone => {
  const outcomes: RunOutcome[] = []
  for (let run = from; run < to; run++) {
    try {
      outcomes.push(oneRun(work, run))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { from, outcomes, failed: { run, message: error.message } }
    }
  }
  return { from, outcomes, failed: null }
}

/** What a thread hands over instead of copying it. */
export const buffersOf = ({ outcomes }: BatchDone): ArrayBuffer[] =>
  outcomes.flatMap(({ times, amounts, states, totals }) =>
    [times, amounts, states, ...Object.values(totals)].map(({ buffer }) => buffer as ArrayBuffer),
  )
