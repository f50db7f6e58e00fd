import { formatPath, type Path, show, type Where } from '../../../sources/faults.ts'
import { isRaw, type Raw } from '../../../sources/fields.ts'
import { faultOfName } from './limits.ts'

/** Why a value cannot stand in a field, in words that follow the field's name; '' it can. */
export type Check = (value: unknown) => string

/** The fields of an object; those with a `!` behind their name are required. */
export type Shape = Readonly<Record<string, Check>>

/** So many faults and warnings of a document are told, each with its place; of more only the number. */
export const MOST_TOLD = 20

export const isText: Check = (value) =>
  typeof value === 'string' && value !== '' ? '' : `must be text, not ${show(value)}`
export const isFlag: Check = (value) => (typeof value === 'boolean' ? '' : `must be true or false, not ${show(value)}`)
export const isNumber: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? '' : `must be a number, not ${show(value)}`
export const isPositive: Check = (value) => {
  const fault = isNumber(value)
  if (fault !== '') return fault
  const number = value as number
  if (number < 0) return `must not be negative: ${number}`
  return number > MOST_ODDS ? `must be at most ${MOST_ODDS}, not ${number}` : ''
}
/** Sums of more would not be numbers any more. */
const MOST_ODDS = 1e100
/** A name that is printed as it stands. */
export const isName: Check = (value) => isText(value) || faultOfName(value as string)
export const isOneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value) ? '' : `must be ${words.join(' or ')}, not ${show(value)}`
export const isListOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return `must be a list, not ${show(value)}`
    const fault = value.map((one: unknown, i) => ({ i, text: check(one) })).find(({ text }) => text !== '')
    return fault === undefined ? '' : `${fault.text} (element ${fault.i})`
  }
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? '' : check(value)

/** Collects what is wrong with a document: every fault with file, line and field, so that one run shows them all. */
export class FieldReader {
  readonly faults: string[] = []
  readonly warnings: string[] = []
  readonly #where: Where

  constructor(where: Where) {
    this.#where = where
  }

  fault(path: Path, text: string): void {
    this.faults.push(this.faults.length < MOST_TOLD ? this.#at(path, text) : text)
  }

  warn(path: Path, text: string): void {
    this.warnings.push(this.warnings.length < MOST_TOLD ? this.#at(path, text) : text)
  }

  /** The fields of `value` that the shape knows; null where it is no map. Missing and null are the same unless the check takes null. */
  map(value: unknown, path: Path, shape: Shape): Raw | null {
    if (!isRaw(value)) {
      this.fault(path, `must be a map, not ${show(value)}`)
      return null
    }
    const known: Record<string, unknown> = {}
    for (const [name, check] of Object.entries(shape)) {
      const key = name.replace('!', '')
      const held = value[key]
      if (held === undefined || (held === null && check(null) !== '')) {
        if (name.endsWith('!')) this.fault([...path, key], 'is required')
        continue
      }
      const fault = check(held)
      if (fault === '') known[key] = held
      else this.fault([...path, key], fault)
    }
    for (const key of Object.keys(value))
      if (!(key in shape) && !(`${key}!` in shape)) this.warn([...path, key], 'is not known, and not used')
    return known
  }

  /** The elements of the list under `key`; none where it is missing. */
  list(value: Raw, path: Path, key: string): readonly (readonly [unknown, Path])[] {
    const held = value[key] ?? []
    if (Array.isArray(held)) return held.map((one: unknown, i) => [one, [...path, key, i]] as const)
    this.fault([...path, key], `must be a list, not ${show(held)}`)
    return []
  }

  #at(path: Path, text: string): string {
    const field = formatPath(path)
    return field === '' ? `${this.#where(path)}: ${text}` : `${this.#where(path)}: ${field}: ${text}`
  }
}
