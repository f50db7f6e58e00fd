import type { SourceFlags } from './load.ts'

/** As the command line gives them. */
export interface SkewFlags extends SourceFlags {
  readonly counts?: string
  readonly since?: readonly string[]
  readonly all?: true
  readonly watch?: true
  readonly interval: number
  readonly count?: number
  readonly level: number
  readonly output: 'table' | 'json' | 'yaml'
  readonly headers: boolean
}
