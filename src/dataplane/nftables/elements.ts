import type { NftVerdict } from '../../kernel/nftables/types.ts'
import { addressBytes, formatAddress, formatEndpoint, parseCidr } from '../../model/address.ts'
import type { Backend, Frontend } from '../../model/frontend.ts'
import type { Protocol } from '../../model/objects.ts'
import type { Bytes } from '../../rules/model.ts'
import { elementObject, type ElementObject, type SetObject } from './objects.ts'

/** Keys and data of elements: the kernel's register bytes, parts padded to 4. Slots are numbers of the machine: little-endian. */

export const protocolNumbers: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 }
const protocolNames: Readonly<Record<number, Protocol>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' }

const protocolBytes: Readonly<Record<Protocol, Bytes>> = { TCP: '\x06\0\0\0', UDP: '\x11\0\0\0', SCTP: '\x84\0\0\0' }

const portBytes = (port: number): Bytes => String.fromCharCode(port >>> 8, port & 0xff, 0, 0)

export const slotBytes = (slot: number): Bytes => String.fromCharCode(slot & 0xff, slot >>> 8, 0, 0)

export const slotNumber = (key: Bytes): number => key.charCodeAt(key.length - 4) | (key.charCodeAt(key.length - 3) << 8)

/** `daddr . l4proto . dport`, of a node port without the address. */
export const frontendBytes = ({ address, protocol, port }: Frontend): Bytes =>
  (address === null ? '' : addressBytes(address)) + protocolBytes[protocol] + portBytes(port)

/** `address . port` */
export const backendBytes = ({ address, port }: Backend): Bytes => addressBytes(address) + portBytes(port)

/** `saddr . daddr . l4proto . dport` of a backend that dials itself, from its `backendBytes`. */
export const hairpinBytes = (backend: Bytes, protocol: Protocol): Bytes => {
  const end = backend.length - 4
  const address = backend.slice(0, end)
  return address + address + protocolBytes[protocol] + backend.slice(end)
}

/** `10.1.0.2:8080` */
export const backendName = (data: Bytes): string => {
  const end = data.length - 4
  return formatEndpoint(formatAddress(data.slice(0, end)), portAt(data, end))
}

/** The frontend key in the first bytes of an element's key; null where they name none. */
export const frontendName = (key: Bytes, family: 'ip' | 'ip6', nodePort: boolean): string | null => {
  const at = nodePort ? 0 : family === 'ip' ? 4 : 16
  const protocol = protocolNames[key.charCodeAt(at)]
  if (protocol === undefined || key.length < at + 8) return null
  const port = portAt(key, at + 4)
  if (nodePort) return `${family === 'ip' ? 'node' : 'node6'}:${port}/${protocol}`
  return `${formatEndpoint(formatAddress(key.slice(0, at)), port)}/${protocol}`
}

const portAt = (bytes: Bytes, at: number): number => (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)

export const member = ({ family, set }: SetObject, key: Bytes): ElementObject =>
  elementObject(family, set.name, { key })

export const mapped = ({ family, set }: SetObject, key: Bytes, data: Bytes): ElementObject =>
  elementObject(family, set.name, { key, data })

export const leading = ({ family, set }: SetObject, key: Bytes, verdict: NftVerdict): ElementObject =>
  elementObject(family, set.name, { key, verdict })

/** CIDRs as elements of an interval set: overlapping and adjoining ones joined, because the kernel refuses overlaps. */
export const intervals = (set: SetObject, cidrs: readonly string[]): ElementObject[] =>
  joined(cidrs).map(({ first, last }) => elementObject(set.family, set.set.name, { key: first, keyEnd: last }))

interface Range {
  readonly first: Bytes
  readonly last: Bytes
}

const joined = (cidrs: readonly string[]): Range[] => {
  const ranges = cidrs.flatMap((cidr) => parseCidr(cidr) ?? []).sort((a, b) => (a.first < b.first ? -1 : 1))
  const result: Range[] = []
  for (const { first, last } of ranges) {
    const before = result.at(-1)
    if (before === undefined || first > following(before.last)) result.push({ first, last })
    else if (last > before.last) result[result.length - 1] = { first: before.first, last }
  }
  return result
}

/** The next address; the last one stays. */
const following = (address: Bytes): Bytes => {
  const bytes = Array.from(address, (char) => char.charCodeAt(0))
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = (bytes[i] ?? 0) + 1
    bytes[i] = byte & 0xff
    if (byte < 256) return String.fromCharCode(...bytes)
  }
  return address
}
