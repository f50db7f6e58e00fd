import type { NftSet, NftType } from './types.ts'

/** nft's data types (src/datatype.c): number, length in bytes, and byte order (0 none, 1 host, 2 big-endian) of one part of a key. */
interface Datatype {
  readonly number: number
  readonly length: number
  readonly byteOrder: 0 | 1 | 2
}

export const datatypes: Readonly<Record<NftType, Datatype>> = {
  ipv4_addr: { number: 7, length: 4, byteOrder: 2 },
  ipv6_addr: { number: 8, length: 16, byteOrder: 2 },
  inet_proto: { number: 12, length: 1, byteOrder: 0 },
  inet_service: { number: 13, length: 2, byteOrder: 2 },
  mark: { number: 19, length: 4, byteOrder: 1 },
  ifname: { number: 41, length: 16, byteOrder: 1 },
  /** nft's `integer`, both: only a typeof expression can say its length */
  octet: { number: 4, length: 1, byteOrder: 2 },
  slot: { number: 4, length: 4, byteOrder: 1 },
}

const byNumber: ReadonlyMap<number, NftType> = new Map(
  Object.entries(datatypes).map(([name, { number }]) => [number, name as NftType]),
)

/** A concatenation's number has 6 bits for each part, the first part highest: `ipv4_addr . inet_service` = 7 << 6 | 13 = 0x1cd. */
export const concatenationNumber = (parts: readonly NftType[]): number =>
  parts.reduce((number, part) => (number << 6) | datatypes[part].number, 0)

/** Its parts; null when one is a type that we do not use. */
export function concatenationParts(number: number): NftType[] | null {
  const parts: NftType[] = []
  for (let rest = number; rest > 0; rest >>>= 6) {
    const part = byNumber.get(rest & 0x3f)
    if (part === undefined) return null
    parts.unshift(part)
  }
  // One number for both: slots stand behind what they belong to, octets by themselves.
  return parts[0] === 'slot' ? parts.map(() => 'octet') : parts
}

/** Bytes of a key or of data. A part of a concatenation is padded to 4 bytes, a single one is not. */
export function lengthOf(parts: readonly NftType[]): number {
  if (parts.length === 1) return datatypes[parts[0] as NftType].length
  return parts.reduce((length, part) => length + paddedLength(part), 0)
}

export const paddedLength = (part: NftType): number => (datatypes[part].length + 3) & ~3

/** Numbers exist only as typeof expressions, and nft takes either all of a set as typeof or nothing. */
export const isTypeof = (set: NftSet): boolean => hasNumber(set.key) || (Array.isArray(set.data) && hasNumber(set.data))

const hasNumber = (parts: readonly NftType[]): boolean => parts.includes('slot') || parts.includes('octet')
