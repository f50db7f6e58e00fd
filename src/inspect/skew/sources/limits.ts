import { show } from '../../../sources/faults.ts'
import type { Flow, LoadUnit } from '../observation.ts'

/** A Service of more backends is none that Kubernetes can have; tests of so many would take minutes. */
const MOST_BACKENDS = 10_000

/** Why a count cannot be judged, in words that follow a field's name; '' nothing is wrong with it. */
export const faultOfCount = (count: unknown, unit: LoadUnit): string => {
  if (typeof count !== 'number') return `must be a number, not ${show(count)}`
  if (Number.isNaN(count)) return 'must be a number'
  if (count < 0) return `must not be negative: ${count}`
  if (count > Number.MAX_SAFE_INTEGER) return `is more than 2⁵³ − 1, beyond which counts are not exact: ${count}`
  if (unit !== 'cpu' && !Number.isInteger(count)) return `must be a whole number of ${unit}, not ${count}`
  return ''
}

/**
 * Why a text cannot name a backend, a client or a Service, in words that follow a field's name; '' nothing is wrong with it. Control characters, and
 * those that turn the direction of writing, would let a file rewrite what a terminal shows.
 */
export const faultOfName = (name: string): string => {
  if (name.length > LONGEST_NAME) return `is longer than ${LONGEST_NAME} characters`
  return /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name) ? `has control characters: ${escaped(name)}` : ''
}

const LONGEST_NAME = 1000

const escaped = (text: string): string =>
  JSON.stringify(text.slice(0, 60)).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

export const faultOfSize = (backends: number): string =>
  backends > MOST_BACKENDS ? `has ${backends} backends, more than the ${MOST_BACKENDS} that can be judged` : ''

/** Why shares that were given cannot be; '' nothing is wrong with them, or none were given. */
export const faultOfOdds = (backends: readonly { readonly name: string; readonly expectedOdds?: number }[]): string => {
  const without = backends.find(({ expectedOdds }) => expectedOdds === undefined)
  const given = backends.filter(({ expectedOdds }) => expectedOdds !== undefined)
  if (given.length === 0) return ''
  if (without !== undefined)
    return `give ${given[0]?.name} an expected share, but ${without.name} none: all need one, or none`
  return given.every(({ expectedOdds }) => expectedOdds === 0)
    ? 'have expected shares that are all 0: leave them out where they are not known'
    : ''
}

/** Why a connection cannot have these times; '' it can. */
export const faultOfTimes = ({ openedAt, closedAt }: Pick<Flow, 'openedAt' | 'closedAt'>): string =>
  typeof openedAt === 'number' && typeof closedAt === 'number' && closedAt < openedAt
    ? `is ${closedAt}, before openedAt, ${openedAt}`
    : ''

/** Why the backends together cannot be judged; '' nothing is wrong. */
export const faultOfAll = (backends: readonly { readonly name: string; readonly count: number }[]): string => {
  if (backends.length === 0) return 'has no backends'
  const many = faultOfSize(backends.length)
  if (many !== '') return many
  const seen = new Set<string>()
  for (const { name } of backends) {
    if (seen.has(name)) return `names ${name} twice: which count is right?`
    seen.add(name)
  }
  const total = backends.reduce((sum, { count }) => sum + count, 0)
  return total > Number.MAX_SAFE_INTEGER ? 'counts more than 2⁵³ − 1 in all, beyond which sums are not exact' : ''
}
