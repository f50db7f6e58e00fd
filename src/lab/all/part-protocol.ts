import type { PartOptions } from './part.ts'
import type { PartReport } from './report.ts'

/** What the process of one scenario is told, as JSON in its argument. */
export type PartConfig = Omit<PartOptions, 'signal' | 'progress' | 'note'> & { readonly name: string }

/** What it tells, the end last. Reports go as they are: JSON has no NaN. */
export type PartMessage =
  | { readonly kind: 'progress' | 'note'; readonly text: string }
  | { readonly kind: 'done'; readonly result: PartReport & { readonly faults: readonly string[] } }
  | { readonly kind: 'failed'; readonly reason: string }
