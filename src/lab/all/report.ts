import type { ImbalanceReport } from '../imbalance/report.ts'
import type { LabReport } from '../report.ts'
import type { ScaleReport } from '../scale/report.ts'
import type { WalkthroughReport } from '../walkthrough/report.ts'

/** What a scenario prints with `-o json`, by the shape that it has. */
export type PartReport =
  | { readonly kind: 'spread'; readonly report: LabReport }
  | { readonly kind: 'walkthrough'; readonly report: WalkthroughReport }
  | { readonly kind: 'scale'; readonly report: ScaleReport }
  | { readonly kind: 'imbalance'; readonly report: ImbalanceReport }

/** How a scenario ended. */
export type PartOutcome =
  /** `faults`: in words; empty when all is as the scenario expects */
  | ({ readonly state: 'done'; readonly seconds: number; readonly faults: readonly string[] } & PartReport)
  /** it could not be measured */
  | { readonly state: 'failed'; readonly seconds: number; readonly reason: string }
  /** no time, or interrupted */
  | { readonly state: 'left out'; readonly reason: string }

export interface PartResult {
  readonly name: string
  readonly summary: string
  readonly outcome: PartOutcome
}

/** What was asked of all scenarios: with the same, a finished one need not be run again. */
export interface AllParameters {
  readonly version: string
  readonly kernel: string
  readonly planes: readonly string[]
  readonly seed: number
  readonly level: number
  readonly repeat: number
}

/** What `lab run all -o json` prints (docs/json.md). */
export interface AllReport {
  readonly scenario: 'all'
  readonly seed: number
  readonly node: { readonly kernel: string }
  readonly parameters: AllParameters
  readonly parts: readonly PartResult[]
}
