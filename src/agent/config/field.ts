import type { Faults } from '../../sources/faults.ts'
import { inMap, type Raw } from '../../sources/fields.ts'

/** What becomes of a field that is set. */
export type Support =
  /** it does here what its text says */
  | { readonly is: 'honoured' }
  /** known, but nothing can come of it here: a warning names it, with the reason, where it is set to something of its own (`moot`: values that change nothing anyway) */
  | { readonly is: 'no-effect'; readonly why: string; readonly moot: readonly unknown[] }

/** A part of a JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * One field of a configuration file: how it is read, what stands for it when it is missing, what it means, and what becomes of
 * it. Reading, defaults, warnings, `--write-config-to`, the JSON Schema and the table in docs/configuration.md all come from here.
 */
export interface Field<T> {
  readonly kind: 'field'
  /** as the table names it: `duration`, `integer 0 … 31` */
  readonly type: string
  /** in force when the field is missing (for strings and lists: or empty; for durations: or 0, where 0 is no value) */
  readonly fallback: T
  /** what the table gives as the default, where that depends on more than this field */
  readonly otherwise?: string
  readonly about: string
  readonly support: Support
  readonly schema: JsonSchema
  /** Adds a fault and answers the fallback where the value cannot be used. */
  read(raw: Raw, key: string, faults: Faults): T
  /** As a file would have it. */
  print(value: T): unknown
}

export interface Section<F extends Fields = Fields> {
  readonly kind: 'section'
  readonly about: string
  readonly fields: F
}

/** In the order in which they are printed. */
export interface Fields {
  readonly [name: string]: Field<unknown> | Section
}

/** What reading a document gives. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : F[K] extends Section<infer S> ? Values<S> : never
}

export const section = <F extends Fields>(about: string, fields: F): Section<F> => ({ kind: 'section', about, fields })

/** Every field of the document with its value or its default. Unknown fields are not looked at. */
export const readValues = <F extends Fields>(raw: Raw, fields: F, faults: Faults): Values<F> => {
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields))
    values[name] =
      field.kind === 'section'
        ? inMap(raw, name, faults, (map) => readValues(map, field.fields, faults))
        : field.read(raw, name, faults)
  return values as Values<F>
}

/** The document that these values come from, with the defaults written out. */
export const printValues = <F extends Fields>(fields: F, values: Values<F>): Record<string, unknown> => {
  const document: Record<string, unknown> = {}
  const given: Readonly<Record<string, unknown>> = values
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name]
    document[name] = field.kind === 'section' ? printValues(field.fields, value as Values<Fields>) : field.print(value)
  }
  return document
}

/** The field at a path like `conntrack.min`; null where there is none. */
export const fieldAt = (fields: Fields, path: string): Field<unknown> | null => {
  const [key = '', ...rest] = path.split('.')
  const found = Object.hasOwn(fields, key) ? fields[key] : undefined
  if (found === undefined) return null
  if (found.kind === 'field') return rest.length === 0 ? found : null
  return fieldAt(found.fields, rest.join('.'))
}
