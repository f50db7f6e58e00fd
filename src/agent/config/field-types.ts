import { type Faults, show } from '../../sources/faults.ts'
import { type Raw, readBoolean, readInteger, readList, readMap, readString } from '../../sources/fields.ts'
import { formatDuration, parseDuration } from '../../util/duration.ts'
import type { Field, JsonSchema, Support } from './field.ts'

/** What every field says of itself besides its type. */
export interface FieldText {
  readonly about: string
  /** why nothing comes of it here; missing: it is honoured */
  readonly noEffect?: string
  /** values that need no warning, though nothing comes of the field; default: the fallback */
  readonly moot?: readonly unknown[]
  /** what the table says stands for a missing value, where that is more than the fallback */
  readonly otherwise?: string
}

interface FieldType<T> {
  readonly type: string
  readonly fallback: T
  readonly schema: JsonSchema
  read(raw: Raw, key: string, faults: Faults): T
  print?(value: T): unknown
}

const fieldOf = <T>(given: FieldText, type: FieldType<T>): Field<T> => ({
  kind: 'field',
  print: (value) => value,
  ...type,
  about: given.about,
  support: supportOf(given, type.fallback),
  ...(given.otherwise === undefined ? {} : { otherwise: given.otherwise }),
})

const supportOf = ({ noEffect, moot }: FieldText, fallback: unknown): Support =>
  noEffect === undefined ? { is: 'honoured' } : { is: 'no-effect', why: noEffect, moot: moot ?? [fallback] }

/** '' is read as the fallback. */
export const text = (given: FieldText & { readonly fallback?: string }): Field<string> => {
  const { fallback = '' } = given
  return fieldOf(given, {
    type: 'string',
    fallback,
    schema: { type: 'string' },
    read: (raw, key, faults) => readString(raw, key, faults) || fallback,
  })
}

/** A string with a form of its own, which `parse` knows: null for any other, else as it is kept. '' is read as the fallback. */
export const formed = (
  given: FieldText & {
    readonly type: string
    readonly fallback?: string
    readonly parse: (text: string) => string | null
  },
): Field<string> => {
  const { fallback = '', type, parse } = given
  return fieldOf(given, {
    type,
    fallback,
    schema: { type: 'string' },
    read: (raw, key, faults) => {
      const written = readString(raw, key, faults)
      if (written === '') return fallback
      const value = parse(written)
      if (value === null) faults.add(key, `must be ${type}, not ${show(written)}`)
      return value ?? fallback
    },
  })
}

/** '' and a missing value are read as the fallback, which may be '' (not said). */
export const oneOf = <const T extends string, const F extends T | ''>(
  allowed: readonly T[],
  given: FieldText & { readonly fallback: F },
): Field<T | F> =>
  fieldOf<T | F>(given, {
    type: allowed.join(', '),
    fallback: given.fallback,
    schema: { type: 'string', enum: [...allowed, ''] },
    read: (raw, key, faults) => {
      const written = readString(raw, key, faults)
      const found = allowed.find((one) => one === written)
      if (found === undefined && written !== '') faults.add(key, `must be ${allowed.join(', ')}, not ${show(written)}`)
      return found ?? given.fallback
    },
  })

export const flag = (given: FieldText & { readonly fallback?: boolean }): Field<boolean> => {
  const { fallback = false } = given
  return fieldOf(given, {
    type: 'boolean',
    fallback,
    schema: { type: ['boolean', 'null'] },
    read: (raw, key, faults) => readBoolean(raw, key, faults, fallback),
  })
}

export const integer = (
  given: FieldText & {
    readonly min: number
    readonly max: number
    readonly fallback: number
    /** 0 is read as the fallback, as where Go cannot tell it from a missing value */
    readonly zeroIsMissing?: boolean
  },
): Field<number> => {
  const { min, max, fallback, zeroIsMissing = false } = given
  return fieldOf(given, {
    type: max >= MAX_INT32 ? `integer ≥ ${min}` : `integer ${min} … ${max}`,
    fallback,
    schema: { type: ['integer', 'null'], minimum: zeroIsMissing ? Math.min(0, min) : min, maximum: max },
    read: (raw, key, faults) =>
      zeroIsMissing && raw[key] === 0 ? fallback : readInteger(raw, key, faults, { min, max, fallback }),
  })
}

export const MAX_INT32 = 2 ** 31 - 1

/** 0 is read as the fallback. */
export const number = (given: FieldText & { readonly fallback: number }): Field<number> => {
  const { fallback } = given
  return fieldOf(given, {
    type: 'number',
    fallback,
    schema: { type: ['number', 'null'] },
    read: (raw, key, faults) => {
      const value = raw[key] ?? fallback
      if (typeof value === 'number') return value || fallback
      faults.add(key, `must be a number, not ${show(value)}`)
      return fallback
    },
  })
}

const durationPattern = '^[+-]?(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$'

/** ms. */
export const duration = (
  given: FieldText & {
    readonly fallback: number
    /** 0 is a value of its own, not a missing one */
    readonly zeroCounts?: boolean
  },
): Field<number> => {
  const { fallback, zeroCounts = false } = given
  return fieldOf(given, {
    type: 'duration',
    fallback,
    schema: { type: ['string', 'null'], pattern: durationPattern },
    read: (raw, key, faults) => readDuration(raw, key, faults, zeroCounts) ?? fallback,
    print: formatDuration,
  })
}

const readDuration = (raw: Raw, key: string, faults: Faults, zeroCounts: boolean): number | null => {
  const written = raw[key] ?? null
  if (written === null) return null
  const ms = typeof written === 'string' ? parseDuration(written) : null
  if (ms === null || ms < 0) {
    faults.add(key, `must be a duration like 30s, 1h30m or 500ms, not ${show(written)}`)
    return null
  }
  return ms === 0 && !zeroCounts ? null : ms
}

/** Elements that `parse` does not know are faults. */
export const texts = (
  given: FieldText & { readonly type: string; readonly parse?: (text: string) => string | null },
): Field<readonly string[]> => {
  const { type, parse = (item) => item } = given
  return fieldOf<readonly string[]>(given, {
    type: `list: ${type}`,
    fallback: [],
    schema: { type: ['array', 'null'], items: { type: 'string' } },
    read: (raw, key, faults) =>
      readList(raw, key, faults, 'this entry', (item, index) => {
        const value = typeof item === 'string' ? parse(item) : null
        if (value === null) faults.add(index, `must be ${type}, not ${show(item)}`)
        return value
      }),
  })
}

export const booleans = (given: FieldText): Field<Readonly<Record<string, boolean>>> =>
  fieldOf<Readonly<Record<string, boolean>>>(given, {
    type: 'map of booleans',
    fallback: {},
    schema: { type: ['object', 'null'], additionalProperties: { type: 'boolean' } },
    read: (raw, key, faults) => {
      const map = readMap(raw, key, faults)
      const before = faults.length
      const values = Object.keys(map).map((name) => [name, readBoolean(map, name, faults, false)] as const)
      faults.nest(before, key)
      return Object.fromEntries(values)
    },
  })

/** For fields of which nothing comes here: any of these types is taken as it stands. */
export const anything = (
  given: FieldText & { readonly type: string; readonly schema: JsonSchema; readonly fallback: unknown },
): Field<unknown> =>
  fieldOf<unknown>(given, {
    type: given.type,
    fallback: given.fallback,
    schema: given.schema,
    read: (raw, key) => raw[key] ?? given.fallback,
  })
