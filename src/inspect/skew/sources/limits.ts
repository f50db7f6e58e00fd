import type { LoadUnit } from '../observation.ts'

/** A Service of more backends is none that Kubernetes can have; tests of so many would take minutes. */
const MOST_BACKENDS = 10_000

/** Why a count cannot be judged, in words that follow a field's name; '' nothing is wrong with it. */
export const faultOfCount = (count: unknown, unit: LoadUnit): string => {
  if (typeof count !== 'number') return `must be a number, not ${shown(count)}`
  if (Number.isNaN(count)) return 'must be a number'
  if (count < 0) return `must not be negative: ${count}`
  if (count > Number.MAX_SAFE_INTEGER) return `is more than 2⁵³ − 1, beyond which counts are not exact: ${count}`
  if (unit !== 'cpu' && !Number.isInteger(count)) return `must be a whole number of ${unit}, not ${count}`
  return ''
}

export const faultOfSize = (backends: number): string =>
  backends > MOST_BACKENDS ? `has ${backends} backends, more than the ${MOST_BACKENDS} that can be judged` : ''

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

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
