import { parseDuration } from '../../util/duration.ts'
import { show } from '../../sources/faults.ts'
import { isRaw } from '../../sources/fields.ts'
import type { Duration } from '../model.ts'
import {
  checked,
  either,
  list,
  map,
  mapped,
  needed,
  number,
  oneKey,
  oneOf,
  optional,
  type JsonSchema,
  type Shape,
} from './shape.ts'

/** Longer than anything that is simulated; what never ends is `forever`. */
const MOST = 1e9

/** A duration above 0; `bound` is that of numbers, which a schema cannot say of texts. */
const positive = (bound: JsonSchema): JsonSchema => ({
  anyOf: [
    { type: 'number', ...bound, maximum: MOST },
    { type: 'string', pattern: `^(?=.*[1-9])\\+?${goDuration}` },
  ],
})

const goDuration = '(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$'

/** Seconds: a number, or a text as Go writes durations. */
export const seconds = ({ min = 0 }: { readonly min?: number } = {}): Shape<number> => {
  const means = `a duration like 30s, 5m or 1h30m (a number is seconds)${min > 0 ? `, at least ${min * 1000}ms` : ''}`
  return {
    means,
    short: 'duration',
    schema: min > 0 ? positive({ minimum: min }) : { $ref: '#/$defs/duration' },
    read(value, path, faults) {
      const ms = typeof value === 'string' ? parseDuration(value) : null
      const read = typeof value === 'number' ? value : ms === null ? Number.NaN : ms / 1000
      if (read >= min && read <= MOST) return read
      const hint = read > MOST ? `, at most ${MOST} s` : ''
      faults.push({ path, message: `must be ${means}${hint}, not ${show(value)}` })
      return undefined
    },
  }
}

/** A moment, which may lie before 0: in the warm-up. */
export const moment: Shape<number> = {
  means: 'a moment like 0s, 5m or -1m (in the warm-up)',
  short: 'moment',
  schema: { $ref: '#/$defs/moment' },
  read(value, path, faults) {
    const ms = typeof value === 'string' ? parseDuration(value) : null
    const read = typeof value === 'number' ? value : ms === null ? Number.NaN : ms / 1000
    if (Math.abs(read) <= MOST) return read
    faults.push({ path, message: `must be ${moment.means}, not ${show(value)}` })
    return undefined
  },
}

const isPlain = (value: unknown): boolean => !isRaw(value) && value !== 'forever'

const lasting: Shape<number> = {
  ...checked(seconds(), (value) => (value > 0 ? null : 'must be more than 0s')),
  schema: positive({ exclusiveMinimum: 0 }),
}

const forms = {
  fixed: optional(seconds(), 'always the same', ''),
  uniform: optional(
    checked(
      map('a map of low and high', { low: needed(seconds(), 'from'), high: needed(seconds(), 'to') }),
      ({ low, high }) => (low <= high ? null : 'has a low above its high'),
    ),
    'anything between, equally likely',
    '',
  ),
  exponential: optional(lasting, 'memoryless, with this mean', ''),
  lognormal: optional(
    map('a map of median and sigma', {
      median: needed(lasting, 'half are shorter'),
      sigma: optional(number({ max: 10 }), 'of the logarithm: 1 spreads 16–84 % over a factor of 7', '1'),
    }),
    'many short ones, few very long ones',
    '1',
  ),
} as const

const simple = oneKey('a map with one of fixed, uniform, exponential, lognormal', forms)

/** A random time without lists of others. */
const part: Shape<Duration> = either(
  isPlain,
  mapped(seconds(), (value): Duration => ({ kind: 'fixed', seconds: value })),
  either(
    (value) => value === 'forever',
    mapped(oneOf(['forever']), (): Duration => ({ kind: 'forever' })),
    mapped(simple, (read): Duration => simpleDuration(read)),
  ),
)

const partOfList: Shape<Duration> = { ...part, schema: { $ref: '#/$defs/part' } }

const lists = {
  mixture: optional(
    list(
      'parts',
      map('a map of weight and life', {
        weight: needed(number({ above: 0, max: 1e9 }), 'odds, in proportion'),
        life: needed(partOfList, 'how long'),
      }),
      { min: 1, max: 50 },
    ),
    'one of several, by weight',
    '',
  ),
  cycle: optional(
    list('times', partOfList, { min: 1, max: 1000 }),
    'each in turn: [1h, 1s, 1s, 1s] makes every fourth long',
    '',
  ),
}

const composed = oneKey('a map with one of fixed, uniform, exponential, lognormal, mixture, cycle', {
  ...forms,
  ...lists,
})

/** A random time: `5m`, `forever`, `{exponential: 5m}`, `{lognormal: {median: 1m, sigma: 1.5}}`, `{cycle: [1h, 1s]}`. */
export const randomTime: Shape<Duration> = {
  ...either(
    (value) => !isRaw(value),
    part,
    mapped(composed, (read): Duration => {
      if (read.cycle !== undefined) return { kind: 'cycle', of: read.cycle }
      if (read.mixture !== undefined)
        return { kind: 'mixture', of: read.mixture.map(({ weight, life }) => ({ weight, duration: life })) }
      return simpleDuration(read)
    }),
  ),
  short: 'time',
  schema: { $ref: '#/$defs/time' },
}

/** What the schemas of durations, moments and random times refer to. */
export const timeDefinitions: JsonSchema = {
  duration: {
    description: 'A duration like 30s, 5m or 1h30m; a number is seconds',
    anyOf: [
      { type: 'number', minimum: 0, maximum: MOST },
      { type: 'string', pattern: `^\\+?${goDuration}` },
    ],
  },
  moment: {
    description: 'A moment like 0s, 5m or -1m, which is in the warm-up; a number is seconds',
    anyOf: [
      { type: 'number', minimum: -MOST, maximum: MOST },
      { type: 'string', pattern: `^[+-]?${goDuration}` },
    ],
  },
  part: { description: 'A random time, but for lists of others', ...part.schema },
  time: { description: 'A random time', anyOf: [{ $ref: '#/$defs/part' }, composed.schema] },
}

const simpleDuration = (read: {
  readonly fixed: number | undefined
  readonly uniform: { readonly low: number; readonly high: number } | undefined
  readonly exponential: number | undefined
  readonly lognormal: { readonly median: number; readonly sigma: number | undefined } | undefined
}): Duration => {
  const { fixed, uniform, exponential, lognormal } = read
  if (uniform !== undefined) return { kind: 'uniform', ...uniform }
  if (exponential !== undefined) return { kind: 'exponential', mean: exponential }
  if (lognormal !== undefined) return { kind: 'lognormal', median: lognormal.median, sigma: lognormal.sigma ?? 1 }
  return { kind: 'fixed', seconds: fixed ?? 0 }
}
