import { type Path, show } from '../../sources/faults.ts'
import { isRaw } from '../../sources/fields.ts'

/** A part of a JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What is wrong with a value, and where in the document it stands. */
export interface ShapeFault {
  readonly path: Path
  readonly message: string
}

/**
 * What a value of a document must look like. Reading, the JSON Schema and the tables of docs/simulate.md come from it.
 * Missing and null are the same to objects, as in Kubernetes.
 */
export interface Shape<T> {
  /** after "must be": `a whole number 1 … 100` */
  readonly means: string
  /** in the reference, where that explains it elsewhere; absent: `means` */
  readonly short?: string
  readonly schema: JsonSchema
  /** of a map, or of the maps of a list */
  readonly fields?: FieldMap
  /** undefined: it cannot be used, and at least one fault says why */
  read(value: unknown, path: Path, faults: ShapeFault[]): T | undefined
}

/** One key of a map. */
export interface Field<T, Needed extends boolean = boolean> {
  readonly shape: Shape<T>
  readonly about: string
  readonly needed: Needed
  /** what stands for a missing value, in words */
  readonly otherwise: string
}

export interface FieldMap {
  readonly [key: string]: Field<unknown>
}

/** What reading a map gives: undefined for what is missing. */
export type FieldValues<F extends FieldMap> = {
  readonly [K in keyof F]: F[K] extends Field<infer T, infer N> ? (N extends true ? T : T | undefined) : never
}

export const needed = <T>(shape: Shape<T>, about: string): Field<T, true> => ({
  shape,
  about,
  needed: true,
  otherwise: '',
})

/** `otherwise`: the default as the reference names it. */
export const optional = <T>(shape: Shape<T>, about: string, otherwise: string): Field<T, false> => ({
  shape,
  about,
  needed: false,
  otherwise,
})

const wrong = (means: string, value: unknown): string => `must be ${means}, not ${show(value)}`

/** A shape whose values are told by one test; `take` answers undefined for a value that is none. */
const plain = <T>(means: string, schema: JsonSchema, take: (value: unknown) => T | undefined): Shape<T> => ({
  means,
  schema,
  read(value, path, faults) {
    const taken = take(value)
    if (taken === undefined) faults.push({ path, message: wrong(means, value) })
    return taken
  },
})

export const number = ({
  min,
  max,
  above,
}: {
  readonly min?: number
  readonly max: number
  readonly above?: number
}): Shape<number> =>
  plain(
    above === undefined ? `a number ${min ?? 0} … ${grouped(max)}` : `a number above ${above}, up to ${grouped(max)}`,
    { type: 'number', ...(above === undefined ? { minimum: min ?? 0 } : { exclusiveMinimum: above }), maximum: max },
    (value) =>
      typeof value === 'number' && value <= max && (above === undefined ? value >= (min ?? 0) : value > above)
        ? value
        : undefined,
  )

export const whole = (min: number, max: number): Shape<number> =>
  plain(`a whole number ${min} … ${grouped(max)}`, { type: 'integer', minimum: min, maximum: max }, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  )

export const yesOrNo: Shape<boolean> = plain('true or false', { type: 'boolean' }, (value) =>
  typeof value === 'boolean' ? value : undefined,
)

export const oneOf = <const T extends string>(allowed: readonly T[]): Shape<T> => {
  const means = allowed.length === 1 ? String(allowed[0]) : `one of ${allowed.join(', ')}`
  return {
    means,
    schema: { enum: [...allowed] },
    read(value, path, faults) {
      const taken = allowed.find((one) => one === value)
      if (taken === undefined) faults.push({ path, message: wrong(means, value) + perhaps(value, allowed) })
      return taken
    },
  }
}

/** ` (ipvs-lc?)`: what was probably meant. */
const perhaps = (value: unknown, allowed: readonly string[]): string => {
  if (typeof value !== 'string') return ''
  const words = value.toLowerCase()
  const meant = allowed.filter((one) => one.endsWith(`-${words}`) || one.toLowerCase() === words)
  const likely = meant.length > 0 ? meant : allowed.filter((one) => close(one, words))
  return likely.length === 0 || allowed.length === 1 ? '' : ` (${likely.join(', ')}?)`
}

export const text = (means: string, accepts: (text: string) => boolean, schema: JsonSchema = {}): Shape<string> =>
  plain(means, { type: 'string', ...schema }, (value) =>
    typeof value === 'string' && accepts(value) ? value : undefined,
  )

/** A shape for one more way to write a value, told apart by `is`; what neither fits is named by the meanings of both. */
export const either = <A, B>(is: (value: unknown) => boolean, first: Shape<A>, second: Shape<B>): Shape<A | B> => ({
  means: `${first.means}, or ${second.means}`,
  schema: { anyOf: [first.schema, second.schema] },
  ...fieldsOf(first.fields ?? second.fields),
  read(value, path, faults) {
    if (is(value)) return first.read(value, path, faults)
    const before = faults.length
    const read = second.read(value, path, faults)
    // neither form: the second alone would say that the first is none
    if (faults[before]?.message === wrong(second.means, value))
      faults.splice(before, 1, { path, message: wrong(`${first.means}, or ${second.means}`, value) })
    return read
  },
})

/** `means` of one element in the plural. */
export const list = <T>(
  means: string,
  element: Shape<T>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): Shape<readonly T[]> => ({
  means: `a list of ${means}`,
  schema: { type: 'array', items: element.schema, minItems: min, maxItems: max },
  ...fieldsOf(element.fields),
  read(value, path, faults) {
    if (!Array.isArray(value)) {
      faults.push({ path, message: wrong(`a list of ${means}`, value) })
      return undefined
    }
    if (value.length < min || value.length > max) {
      faults.push({ path, message: `must have ${min} … ${max} ${means}, not ${value.length}` })
      return undefined
    }
    const read = value.map((one: unknown, index) => element.read(one, [...path, index], faults))
    return read.includes(undefined) ? undefined : (read as T[])
  },
})

export const mapped = <A, B>(shape: Shape<A>, convert: (value: A) => B): Shape<B> => ({
  ...shape,
  read(value, path, faults) {
    const read = shape.read(value, path, faults)
    return read === undefined ? undefined : convert(read)
  },
})

/** `fault` says what is wrong with a value that has the right form; null: nothing. */
export const checked = <T>(shape: Shape<T>, fault: (value: T) => string | null): Shape<T> => ({
  ...shape,
  read(value, path, faults) {
    const read = shape.read(value, path, faults)
    const message = read === undefined ? null : fault(read)
    if (message === null) return read
    faults.push({ path, message })
    return undefined
  },
})

/** A map with these keys and no others. */
export const map = <F extends FieldMap>(means: string, fields: F, schema: JsonSchema = {}): Shape<FieldValues<F>> => ({
  means,
  schema: {
    type: 'object',
    additionalProperties: false,
    ...requirement(fields),
    properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, describe(field)])),
    ...schema,
  },
  fields,
  read(value, path, faults) {
    const before = faults.length
    if (!isRaw(value)) {
      faults.push({ path, message: wrong(means, value) })
      return undefined
    }
    for (const key of Object.keys(value))
      if (!Object.hasOwn(fields, key))
        faults.push({ path: [...path, key], message: unknownKey(key, Object.keys(fields)) })
    const read: Record<string, unknown> = {}
    for (const [key, { shape, needed: isNeeded }] of Object.entries(fields)) {
      const given = Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined
      if (given !== undefined) read[key] = shape.read(given, [...path, key], faults)
      else if (isNeeded) faults.push({ path: [...path, key], message: `is required: ${shape.means}` })
      else read[key] = undefined
    }
    return faults.length > before ? undefined : (read as FieldValues<F>)
  },
})

/** Exactly one of these keys has a value; null is none. */
export const exactlyOne = (keys: readonly string[]): JsonSchema => ({
  oneOf: keys.map((key) => ({ required: [key], properties: { [key]: { not: { type: 'null' } } } })),
})

/** A map with exactly one of these keys. */
export const oneKey = <F extends FieldMap>(means: string, fields: F): Shape<FieldValues<F>> => {
  const keys = Object.keys(fields)
  const inner = map(means, fields, exactlyOne(keys))
  return {
    ...inner,
    read(value, path, faults) {
      if (isRaw(value)) {
        const given = Object.keys(value).filter((key) => (value[key] ?? undefined) !== undefined)
        if (given.length !== 1 && given.every((key) => keys.includes(key))) {
          faults.push({
            path,
            message: `must have exactly one of ${keys.join(', ')}${given.length === 0 ? '' : `, not ${given.join(' and ')}`}`,
          })
          return undefined
        }
      }
      return inner.read(value, path, faults)
    },
  }
}

const fieldsOf = (fields: FieldMap | undefined): { readonly fields?: FieldMap } =>
  fields === undefined ? {} : { fields }

const requirement = (fields: FieldMap): JsonSchema => {
  const required = Object.entries(fields).flatMap(([key, field]) => (field.needed ? [key] : []))
  return required.length === 0 ? {} : { required }
}

const describe = ({ shape, about, otherwise, needed: isNeeded }: Field<unknown>): JsonSchema => ({
  description: `${about}.${otherwise === '' ? '' : ` Default: ${otherwise}`}`.replaceAll('`', ''),
  ...(isNeeded ? shape.schema : orNull(shape.schema)),
})

const orNull = (schema: JsonSchema): JsonSchema => {
  if (typeof schema['type'] === 'string') return { ...schema, type: [schema['type'], 'null'] }
  const forms: unknown = schema['anyOf']
  return { anyOf: [...(Array.isArray(forms) ? (forms as JsonSchema[]) : [schema]), { type: 'null' }] }
}

/** With the key that was probably meant. */
const unknownKey = (key: string, known: readonly string[]): string => {
  const meant = known.find((one) => one.toLowerCase() === key.toLowerCase()) ?? known.find((one) => close(one, key))
  return `is not known here${meant === undefined ? `: there are ${known.join(', ')}` : `: ${meant} is`}`
}

/** One letter more, less, or other; or one begins with the other. */
const close = (a: string, b: string): boolean => {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (short.length >= 4 && long.startsWith(short)) return true
  if (long.length - short.length > 1 || short.length < 3) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  return long.slice(at + 1) === short.slice(long.length === short.length ? at + 1 : at)
}

const grouped = (value: number): string => (value >= 10_000 ? value.toLocaleString('en-US') : String(value))
