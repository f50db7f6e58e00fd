import type { Measure } from './model.ts'

/** What one run showed. Arrays over samples × pods are flat: [sample × pods.length + pod]. */
export interface RunOutcome {
  readonly pods: readonly PodRun[]
  /** seconds, one per sample */
  readonly times: Float64Array
  /** of scenario.measure, per sample and pod */
  readonly amounts: Float64Array
  /** bit 0: ready at the sample and not deleted; bit 1: exists */
  readonly states: Uint8Array
  /** per pod at the end, of every measure */
  readonly totals: Readonly<Record<Measure, Float64Array>>
  /** since 0, of those that got through */
  readonly opened: number
  /** ended by a pod that crashed, was cut or failed; by policy.maxAgeSeconds and `close` they end in good order */
  readonly broken: number
  /** attempts that found no pod, a pod that does not accept, or a full one */
  readonly refused: number
  /** connections whose pod is on another node than the one that picked it (balancer in instance mode) */
  readonly secondHops: number
  /** everything that was worked off, warm-up included: openings, ends, refusals and changes */
  readonly processed: number
}

export interface PodRun {
  readonly name: string
  /** index into nodes */
  readonly node: number
  /** −Infinity: there from the beginning; NaN: did not come in this run */
  readonly startedAt: number
  /** Infinity: not deleted */
  readonly deletedAt: number
}

/** Over the runs: 5 %, 50 % and 95 % quantiles (nearest rank). */
export interface Band {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** Besides: the 2.5 % and 97.5 % quantiles, and the mean. */
export interface WideBand extends Band {
  readonly lowest: number
  readonly highest: number
  readonly mean: number
}

export interface Series {
  readonly low: readonly number[]
  readonly median: readonly number[]
  readonly high: readonly number[]
}

export interface PodOutcome {
  readonly name: string
  /** node name */
  readonly node: string
  /** share (0 … 1) of scenario.measure over time */
  readonly share: Series
  /** share at the end */
  readonly end: WideBand
  /** bounds that hold for all pods at once in 95 % of runs (global rank envelope): for "is the measured spread inside?" */
  readonly envelope: { readonly low: number; readonly high: number }
  /** amounts at the end */
  readonly totals: Readonly<Record<Measure, WideBand>>
}

/** What many runs showed. Plain data: JSON.stringify of it is the same for the same scenario, seed and runs, whatever the threads. */
export interface Outcome {
  readonly scenario: string
  readonly policy: string
  readonly seed: string
  readonly runs: number
  readonly measure: Measure
  /** seconds, one per sample */
  readonly times: readonly number[]
  /** every pod that ever was, in order of its coming */
  readonly pods: readonly PodOutcome[]
  /** over the pods that are ready at the moment; 1 is even */
  readonly maxOverMean: Series & { readonly end: WideBand }
  /** population CV over the same pods, at the end */
  readonly cv: WideBand
  /** of the same pods: those with nothing */
  readonly idle: Series & { readonly end: WideBand }
  /** mean share of the pods that came after 0, of their fair share; 1 is even; null: none came */
  readonly newcomers: Series | null
  /** shares at the end in descending order: ranked[0] is the heaviest pod, whichever it is; over the ready pods */
  readonly ranked: readonly WideBand[]
  /** from the last event (0 without) to the first sample from which max/mean stays ≤ evenLimit; over the runs that got there */
  readonly timeToEven: { readonly reached: number; readonly seconds: WideBand | null }
  readonly opened: WideBand
  readonly broken: WideBand
  readonly refused: WideBand
  readonly secondHops: WideBand
  /** over all runs */
  readonly processed: number
}
