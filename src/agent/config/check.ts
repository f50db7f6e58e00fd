import { Faults } from '../../sources/faults.ts'
import { isRaw, type Raw } from '../../sources/fields.ts'
import type { Field, Fields } from './field.ts'

/** What is said of fields by their names alone. */
export interface FieldFaults {
  /** nobody knows them: problems */
  readonly unknown: Faults
  /** nothing comes of them: warnings */
  readonly ignored: Faults
}

/** Names every field that is not known, and every one that is set but of which nothing comes. `former`: names of older versions. */
export const checkFields = (
  raw: Raw,
  fields: Fields,
  { unknown, ignored }: FieldFaults,
  former: Readonly<Record<string, string>> = {},
): void => {
  for (const [key, value] of Object.entries(raw)) {
    const known = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (known?.kind === 'section') {
      if (!isRaw(value)) continue
      const before = [unknown.length, ignored.length] as const
      checkFields(value, known.fields, { unknown, ignored })
      unknown.nest(before[0], key)
      ignored.nest(before[1], key)
    } else if (known !== undefined) checkSupport(raw, key, known, ignored)
    else if (Object.hasOwn(former, key)) {
      if (!isUnset(value)) ignored.add(key, `has no effect: ${former[key] ?? ''}`)
    } else unknown.add(key, 'is not a field of this configuration')
  }
}

const checkSupport = (raw: Raw, key: string, field: Field<unknown>, ignored: Faults): void => {
  const { support } = field
  if (support.is === 'honoured' || isUnset(raw[key])) return
  const value = field.read(raw, key, new Faults())
  if (!support.moot.some((one) => JSON.stringify(one) === JSON.stringify(value)))
    ignored.add(key, `has no effect: ${support.why}`)
}

/** As configurations are generated, with every field at Go's zero value. */
const isUnset = (value: unknown, depth = 0): boolean => {
  if (value === null || value === '' || value === 0 || value === false || value === '0' || value === '0s') return true
  if (typeof value !== 'object' || depth > 8) return false
  return Object.values(value).every((inside) => isUnset(inside, depth + 1))
}
