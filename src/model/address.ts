import ipaddr from 'ipaddr.js'
import type { Family } from './objects.ts'

/**
 * Addresses are canonical text between the layers and bytes (latin1 string, network order) where they meet packets.
 * IPv4 has its own reader because a full sync reads hundreds of thousands; IPv6 is ipaddr.js.
 */
export type AddressBytes = string

const decimalOctets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

const parseIPv4 = (text: string): AddressBytes | null => {
  const match = decimalOctets.exec(text)
  if (!match) return null
  let bytes = ''
  for (let i = 1; i <= 4; i++) {
    // leading zeros are decimal, as Kubernetes reads them (ParseIPSloppy), never octal
    const octet = Number(match[i])
    if (octet > 255) return null
    bytes += String.fromCharCode(octet)
  }
  return bytes
}

const bytesOf = (numbers: readonly number[]): AddressBytes => String.fromCharCode(...numbers)

const parseIPv6 = (text: string): AddressBytes | null => {
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.IPv6.parse(text)
  // ::ffff:10.0.0.1 is 10.0.0.1 everywhere in Kubernetes
  return address.isIPv4MappedAddress() ? bytesOf(address.toIPv4Address().octets) : bytesOf(address.toByteArray())
}

/** 4 or 16 bytes; null when the text is no address. */
export const parseAddress = (text: string): AddressBytes | null => parseIPv4(text) ?? parseIPv6(text)

/** RFC 5952. Throws RangeError unless 4 or 16 bytes. */
export const formatAddress = (bytes: AddressBytes): string => {
  const octets = Array.from(bytes, (char) => char.charCodeAt(0))
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 16) return new ipaddr.IPv6(octets).toRFC5952String()
  throw new RangeError(`an address has 4 or 16 bytes, not ${octets.length}`)
}

export const canonicalAddress = (text: string): string | null => {
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
  return range !== null && bytes !== null && bytes.length === range.first.length && bytes >= range.first && bytes <= range.last
}

/** `10.0.0.1:80`, `[fd00::1]:80` */
export const formatEndpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
