import { canonicalAddress, canonicalCidr } from '../model/address.ts'
import { type Faults, show } from './faults.ts'

/** A map as JSON or YAML has it, before anything is known of its values. */
export type Raw = Readonly<Record<string, unknown>>

const none: Raw = Object.freeze({})
const noItems: readonly unknown[] = Object.freeze([])

export const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/*
 * Each reader takes the value under `key`; missing and null are the same, as in the API. On a fault it adds one and
 * answers the fallback: a caller that lets faults pass must drop what it made of the value.
 */

export const readMap = (raw: Raw, key: string, faults: Faults): Raw => {
  const value = raw[key] ?? none
  if (isRaw(value)) return value
  faults.add(key, `must be a map, not ${show(value)}`)
  return none
}

export const readString = (raw: Raw, key: string, faults: Faults): string => {
  const value = raw[key] ?? ''
  if (typeof value === 'string') return value
  faults.add(key, `must be a string, not ${show(value)}`)
  return ''
}

export const readBoolean = (raw: Raw, key: string, faults: Faults, fallback: boolean): boolean => {
  const value = raw[key] ?? fallback
  if (typeof value === 'boolean') return value
  faults.add(key, `must be true or false, not ${show(value)}`)
  return fallback
}

export interface IntegerRange {
  readonly min: number
  readonly max: number
  /** when the field is missing; without one it is required */
  readonly fallback?: number
}

export const readInteger = (raw: Raw, key: string, faults: Faults, { min, max, fallback }: IntegerRange): number => {
  const value = raw[key] ?? fallback
  if (typeof value === 'number' && Number.isInteger(value) && ((value >= min && value <= max) || value === fallback))
    return value
  faults.add(
    key,
    `must be an integer ${min} … ${max}, ${value === undefined ? 'and is required' : `not ${show(value)}`}`,
  )
  return fallback ?? min
}

/** '' counts as missing, as where Kubernetes defaults strings. Without a fallback the field is required. */
export const readOneOf = <T extends string>(
  raw: Raw,
  key: string,
  faults: Faults,
  allowed: readonly [T, ...T[]],
  fallback?: T,
): T => {
  const value = raw[key] ?? ''
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  if (value === '' && fallback !== undefined) return fallback
  faults.add(key, `must be ${allowed.join(', ')}, ${value === '' ? 'and is required' : `not ${show(value)}`}`)
  return fallback ?? allowed[0]
}

/** A DNS label or subdomain (RFC 1123), which is what the API allows for names; '' where the field is missing. */
export const readName = (raw: Raw, key: string, faults: Faults, kind: 'label' | 'subdomain'): string => {
  const name = readString(raw, key, faults)
  if (name === '') return name
  const [pattern, limit] = kind === 'label' ? ([labelPattern, 63] as const) : ([subdomainPattern, 253] as const)
  if (name.length <= limit && pattern.test(name)) return name
  const allowed = kind === 'label' ? 'a-z, 0-9 and -' : 'a-z, 0-9, - and .'
  faults.add(key, `must be at most ${limit} of ${allowed}, with a letter or digit at both ends, not ${show(name)}`)
  return ''
}

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const subdomainPattern = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/

/** Canonical; leading zeros are decimal, as Kubernetes reads them. */
export const toAddress = (value: unknown, key: string | number, faults: Faults): string => {
  const address = typeof value === 'string' ? canonicalAddress(value) : null
  if (address === null) faults.add(key, `must be an IP address, not ${show(value)}`)
  return address ?? ''
}

export const toCidr = (value: unknown, key: string | number, faults: Faults): string => {
  const cidr = typeof value === 'string' ? canonicalCidr(value.trim()) : null
  if (cidr === null) faults.add(key, `must be a CIDR like 10.0.0.0/8 or fd00::/64, not ${show(value)}`)
  return cidr ?? ''
}

/** The list under `key` as it stands. */
export const readItems = (raw: Raw, key: string, faults: Faults): readonly unknown[] => {
  const value = raw[key] ?? noItems
  if (Array.isArray(value)) return value
  faults.add(key, `must be a list, not ${show(value)}`)
  return noItems
}

/**
 * The list under `key`, element by element. An element with a fault costs itself alone, `what` by name (`this port`);
 * one that `read` answers null for is not wanted.
 */
export const readList = <T>(
  raw: Raw,
  key: string,
  faults: Faults,
  what: string,
  read: (item: unknown, index: number, faults: Faults) => T | null,
): T[] => {
  const kept: T[] = []
  const items = readItems(raw, key, faults)
  for (let i = 0; i < items.length; i++) {
    const before = faults.length
    const open = faults.open
    const element = read(items[i], i, faults)
    if (faults.open === open && element !== null) kept.push(element)
    if (faults.length === before) continue
    faults.contain(before, what)
    faults.nest(before, key)
  }
  return kept
}

/** Like `readList` for lists of maps: `read` names fields relative to the element. */
export const readMaps = <T>(
  raw: Raw,
  key: string,
  faults: Faults,
  what: string,
  read: (item: Raw, faults: Faults) => T | null,
): T[] =>
  readList(raw, key, faults, what, (item, index) => {
    if (!isRaw(item)) {
      faults.add(index, `must be a map, not ${show(item)}`)
      return null
    }
    const before = faults.length
    const element = read(item, faults)
    if (faults.length > before) faults.nest(before, index)
    return element
  })

/** Reads the map under `key`; faults of `read` are named below it. */
export const inMap = <T>(raw: Raw, key: string, faults: Faults, read: (map: Raw) => T): T => {
  const map = readMap(raw, key, faults)
  const before = faults.length
  const value = read(map)
  if (faults.length > before) faults.nest(before, key)
  return value
}
