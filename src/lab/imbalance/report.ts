import type { SkewReport } from '../../inspect/skew/report.ts'
import type { LabReport, RunReport } from '../report.ts'

/** What somebody published or reports, beside which the runs stand. */
export interface Claim {
  readonly text: string
  /** where it was reported; null: in the project's own list */
  readonly source: string | null
  /** as published, in the order of the pods, e.g. millicores; absent: words only */
  readonly numbers?: readonly number[]
  /** of the numbers */
  readonly unit?: string
}

/** One number of a run: of a pod, or of the run as a whole. */
export interface Quantity {
  /** the pod's name, or what it is: `max/mean`, `share of the new pods after 5 s` */
  readonly name: string
  /** `connections`, `millicores`, `requests`, `s`, ''; of numbers with one unit a chart has one axis */
  readonly unit: string
  readonly value: number
}

/** A measured quantity beside the simulator's. `low` … `high` belong to all quantities of a run together (statistics/envelope.ts). */
export interface Comparison extends Quantity {
  readonly low: number
  readonly median: number
  readonly high: number
  readonly inside: boolean
}

/** A quantity over time, since the run began. */
export interface Series {
  readonly name: string
  readonly unit: string
  readonly points: readonly (readonly [seconds: number, value: number])[]
  readonly predicted?: readonly (readonly [seconds: number, low: number, median: number, high: number])[]
}

/** One plane, scheduler, variant and repetition. `backends` is what the pods counted themselves. */
export interface ImbalanceRun extends RunReport {
  /** what else was varied: `40 clients behind one address`; absent: nothing */
  readonly variant?: string
  /** 1, 2, … */
  readonly repetition: number
  /** what one should see here, by the claim */
  readonly claimed: string
  readonly predicted: readonly Comparison[]
  /** all quantities at once are within what 95 of 100 simulated runs come to */
  readonly insideBand: boolean
  /** share of simulated runs that are as far out as this one; by luck alone it is below x in x of all runs */
  readonly bandP: number
  /** chance that luck leaves the run inside: 0.95 or more, nearly 1 where nothing is left to luck */
  readonly bandHolds: number
  /** as bandP, but those alike in the order of a lot: over many runs uniform in 0 … 1 where the simulator is right */
  readonly bandRank: number
  /** what `evenkeel skew` says of the same connections; null: nothing to be judged */
  readonly skew: SkewReport | null
  readonly series?: readonly Series[]
  /** what else was counted: hops, failures, source addresses */
  readonly facts?: { readonly [name: string]: number | string }
  readonly notes: readonly string[]
}

/** Runs that were made together: how many are inside of their bands, and of how many luck makes sure. */
export interface BandSeries {
  readonly runs: number
  readonly inside: number
  /** luck leaves so many inside, or more, … */
  readonly least: number
  /** … in this share of such series: 0.99 or more */
  readonly chance: number
  /** P(ranks as far from uniform, or farther, by luck): small also where bands are wider than runs need */
  readonly ranksP: number
}

/** Repetitions of one plane, scheduler and variant. */
export interface BandCount extends BandSeries {
  readonly plane: string
  readonly scheduler: string
  readonly variant?: string
}

/** Figures that belong to no single run, e.g. how often luck alone makes the published picture. */
export interface FigureTable {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** What `lab run NAME -o json` prints for a reported imbalance (docs/json.md). */
export interface ImbalanceReport extends Omit<LabReport, 'runs'> {
  /** one line: what the scenario is */
  readonly summary: string
  readonly claims: readonly Claim[]
  readonly runs: readonly ImbalanceRun[]
  readonly bands: readonly BandCount[]
  /** all runs */
  readonly series: BandSeries
  readonly tables: readonly FigureTable[]
  /** in words, for a person: what it comes to */
  readonly findings: readonly string[]
}
