import type { Dialect } from './dialect.ts'
import type { DumpProblem } from '../problem.ts'

/** One listing within a file. */
export interface DumpPart {
  readonly dialect: Dialect
  readonly file: string
  /** where it begins, 1-based */
  readonly line: number
  readonly text: string
  /** the line before it that is of no dialect, e.g. `$ iptables -t nat -nvL`; '' none */
  readonly heading: string
}

export interface CutDump {
  readonly parts: readonly DumpPart[]
  readonly problems: readonly DumpProblem[]
}

/** A file as it was given, or stdin. */
export interface DumpFile {
  readonly name: string
  readonly text: string
  /** it was found in a directory: that it is no dump is no reason to doubt the others */
  readonly found?: boolean
}
