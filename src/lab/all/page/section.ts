import type { Claim } from '../../imbalance/report.ts'

/** A scenario as the page shows it, whatever its report looks like: all of it text, nothing escaped yet. */
export interface Section {
  readonly name: string
  readonly summary: string
  readonly result: Result
  readonly claims: readonly Claim[]
  /** drawings, as SVG of util/chart */
  readonly charts: readonly string[]
  readonly tables: readonly PageTable[]
  /** in words, what it comes to */
  readonly findings: readonly string[]
  /** what is not as it should be */
  readonly faults: readonly string[]
  /** what could not be run, and why */
  readonly skipped: readonly string[]
}

/** In a few words, and whether one should look: never told by colour alone. */
export interface Result {
  readonly words: string
  readonly tone: Tone
}

export type Tone = 'good' | 'bad' | 'plain'

export interface PageTable {
  readonly title: string
  readonly header: readonly string[]
  /** of each column: numbers stand at the right; text is the default */
  readonly numeric?: readonly boolean[]
  readonly rows: readonly (readonly Cell[])[]
  /** opened by the reader: long, and not what the page is about */
  readonly folded?: boolean
}

export type Cell = string | CellLines

/** Lines below each other, beside those of other cells in their row: none of them is broken. */
export interface CellLines {
  readonly lines: readonly string[]
  /** of the first line */
  readonly tone?: Tone
  /** sentences below the lines, in small print */
  readonly more?: readonly string[]
  /** as it was typed, and broken where it must be */
  readonly code?: true
}

/** `pod-0`, `pod-1`: what they have in common, up to a space or a dash, is told once, below the axis. */
export const categoriesOf = (
  names: readonly string[],
): { readonly label: string; readonly categories: readonly string[] } => {
  const [first = '', ...others] = names
  const same = others.reduce((length, name) => sharedLength(first.slice(0, length), name), first.length)
  const prefix = /^.*[- ]/s.exec(first.slice(0, same))?.[0] ?? ''
  return { label: prefix === '' ? '' : `${prefix}…`, categories: names.map((name) => name.slice(prefix.length)) }
}

const sharedLength = (a: string, b: string): number => {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** For a person: as many digits as tell something. */
export const numberText = (value: number | null): string => {
  if (value === null || !Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4)
}

/** `p = 0.13`; below a millionth `p < 0.000001` */
export const luckText = (p: number | null): string => {
  if (p === null) return 'p not known'
  return p < 1e-6 ? 'p < 0.000001' : `p = ${Number(p.toPrecision(2))}`
}

export const skippedText = (skipped: {
  readonly service?: string
  readonly plane?: string
  readonly scheduler?: string
  readonly services?: number
  readonly reason: string
}): string => {
  const { service, plane, scheduler, services, reason } = skipped
  const size = services === undefined ? undefined : `${services.toLocaleString('en')} Services`
  return `${[service, plane, scheduler, size].filter((part) => part !== undefined).join(', ')}: ${reason}`
}
