import ipaddr from 'ipaddr.js'
import type { Family } from './objects.ts'

/**
 * Addresses are canonical text between the layers and bytes (latin1 string, network order) where they meet packets.
 * The readers are our own because a full sync reads hundreds of thousands (ipaddr.js takes 3 µs for an IPv6 address, this 0.2);
 * the text of IPv6 is ipaddr.js'.
 */
export type AddressBytes = string

const DOT = 46
const ZERO = 48

const parseIPv4 = (text: string): AddressBytes | null => {
  const { length } = text
  if (length < 7 || length > 15) return null
  let packed = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return null
      packed = (packed << 8) | octet
      octet = digits = 0
    } else {
      // leading zeros are decimal, as Kubernetes reads them (ParseIPSloppy), never octal
      octet = octet * 10 + code - ZERO
      if (code < ZERO || code > ZERO + 9 || ++digits > 3 || octet > 255) return null
    }
  }
  if (dots !== 3 || digits === 0) return null
  return String.fromCharCode(packed >>> 16, (packed >>> 8) & 255, packed & 255, octet)
}

const COLON = 58

/** A hexadecimal digit's value; −1 for any other character. */
const hexDigit = (code: number): number => {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** RFC 4291 text, without zone. */
const parseIPv6 = (text: string): AddressBytes | null => {
  if (text.length > 45) return null
  let bytes = ''
  let gap = text.startsWith('::') ? 0 : -1
  let at = gap === 0 ? 2 : 0
  while (at < text.length) {
    const start = at
    let group = 0
    for (let digit = 0; at < text.length && (digit = hexDigit(text.charCodeAt(at))) >= 0; at++)
      group = group * 16 + digit
    if (text.charCodeAt(at) === DOT) {
      const tail = parseIPv4(text.slice(start))
      if (tail === null) return null
      bytes += tail
      at = text.length
      break
    }
    if (at === start || at - start > 4) return null
    bytes += String.fromCharCode(group >>> 8, group & 255)
    if (at === text.length) break
    if (text.charCodeAt(at++) !== COLON || at === text.length) return null
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return null
      gap = bytes.length
      at += 1
    }
  }
  return placeGap(bytes, gap)
}

/** `::` stands for at least one group of zeros. */
const placeGap = (bytes: string, gap: number): AddressBytes | null => {
  if (gap < 0) return bytes.length === 16 ? unmapped(bytes) : null
  if (bytes.length > 14) return null
  return unmapped(bytes.slice(0, gap) + ZEROS.slice(bytes.length) + bytes.slice(gap))
}

const ZEROS = '\0'.repeat(16)
const MAPPED = `${'\0'.repeat(10)}\xff\xff`

/** ::ffff:10.0.0.1 is 10.0.0.1 everywhere in Kubernetes */
const unmapped = (bytes: string): AddressBytes => (bytes.startsWith(MAPPED) ? bytes.slice(12) : bytes)

/** 4 or 16 bytes; null when the text is no address. */
export const parseAddress = (text: string): AddressBytes | null => parseIPv4(text) ?? parseIPv6(text)

/** RFC 5952. Throws RangeError unless 4 or 16 bytes. */
export const formatAddress = (bytes: AddressBytes): string => {
  const octets = Array.from(bytes, (char) => char.charCodeAt(0))
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 16) return new ipaddr.IPv6(octets).toRFC5952String()
  throw new RangeError(`an address has 4 or 16 bytes, not ${octets.length}`)
}

const canonicalIPv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

export const canonicalAddress = (text: string): string | null => {
  if (canonicalIPv4.test(text)) return text
  const bytes = parseAddress(text)
  return bytes === null ? null : formatAddress(bytes)
}

/** Bytes of an address already known to be canonical. Throws on anything else: that would be our own mistake. */
export const addressBytes = (address: string): AddressBytes => {
  const bytes = parseAddress(address)
  if (bytes === null) throw new RangeError(`not an address: ${JSON.stringify(address)}`)
  return bytes
}

export const familyOf = (address: string): Family => (address.includes(':') ? 'IPv6' : 'IPv4')

/** IPv4 before IPv6, then by bytes. */
export const compareAddresses = (a: string, b: string): number => {
  if (a === b) return 0
  const x = addressBytes(a)
  const y = addressBytes(b)
  if (x.length !== y.length) return x.length - y.length
  return x < y ? -1 : 1
}

export interface CidrRange {
  readonly first: AddressBytes
  readonly last: AddressBytes
  readonly prefix: number
}

/** First and last address of a CIDR, host bits ignored; null when the text is none. A bare address is not a CIDR. */
export const parseCidr = (text: string): CidrRange | null => {
  const slash = text.indexOf('/')
  const bytes = slash < 0 ? null : parseAddress(text.slice(0, slash))
  if (bytes === null || !/^\d{1,3}$/.test(text.slice(slash + 1))) return null
  const prefix = Number(text.slice(slash + 1))
  if (prefix > bytes.length * 8) return null
  let first = ''
  let last = ''
  for (let i = 0; i < bytes.length; i++) {
    const kept = Math.min(8, Math.max(0, prefix - i * 8))
    const mask = (0xff << (8 - kept)) & 0xff
    const byte = bytes.charCodeAt(i)
    first += String.fromCharCode(byte & mask)
    last += String.fromCharCode((byte & mask) | (~mask & 0xff))
  }
  return { first, last, prefix }
}

export const canonicalCidr = (text: string): string | null => {
  const range = parseCidr(text)
  return range && `${formatAddress(range.first)}/${range.prefix}`
}

export const inCidr = (address: string, cidr: string): boolean => {
  const range = parseCidr(cidr)
  const bytes = parseAddress(address)
  return (
    range !== null &&
    bytes !== null &&
    bytes.length === range.first.length &&
    bytes >= range.first &&
    bytes <= range.last
  )
}

/** `10.0.0.1:80`, `[fd00::1]:80` */
export const formatEndpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
