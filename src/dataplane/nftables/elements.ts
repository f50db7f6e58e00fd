import type { NftVerdict } from '../../kernel/nftables/types.ts'
import { addressBytes, formatAddress, formatEndpoint, parseCidr } from '../../model/address.ts'
import type { Backend, Frontend } from '../../model/frontend.ts'
import type { Protocol } from '../../model/objects.ts'
import type { Bytes } from '../../rules/model.ts'
import { type Led, PlainElement, RangeElement, SlotElement } from './element-objects.ts'
import type { ElementObject, SetObject } from './objects.ts'

/** Keys and data of elements: the kernel's register bytes, parts padded to 4. Slots are numbers of the machine: little-endian. */

export const protocolNumbers: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 }
const protocolNames: Readonly<Record<number, Protocol>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' }

const protocolBytes: Readonly<Record<Protocol, Bytes>> = { TCP: '\x06\0\0\0', UDP: '\x11\0\0\0', SCTP: '\x84\0\0\0' }

const portBytes = (port: number): Bytes => String.fromCharCode(port >>> 8, port & 0xff, 0, 0)

export const slotNumber = (key: Bytes): number => key.charCodeAt(key.length - 4) | (key.charCodeAt(key.length - 3) << 8)

/** `daddr . l4proto . dport`, of a node port without the address. */
export const frontendBytes = ({ address, protocol, port }: Frontend): Bytes =>
  (address === null ? '' : addressBytes(address)) + protocolBytes[protocol] + portBytes(port)

/** `address . port` */
export const backendBytes = ({ address, port }: Backend): Bytes => addressBytes(address) + portBytes(port)

/** `10.1.0.2:8080` */
export const backendName = (data: Bytes): string => {
  const end = data.length - 4
  const port = portAt(data, end)
  if (end !== 4) return formatEndpoint(formatAddress(data.slice(0, end)), port)
  return `${data.charCodeAt(0)}.${data.charCodeAt(1)}.${data.charCodeAt(2)}.${data.charCodeAt(3)}:${port}`
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

export { slotBytes } from './element-objects.ts'

export const member = (set: SetObject, key: Bytes): ElementObject => new PlainElement(set, key, null)

/** `led` is `address . port` */
export const mapped = (set: SetObject, key: Bytes, led: Bytes): ElementObject => new PlainElement(set, key, led)

export const leading = (set: SetObject, key: Bytes, verdict: NftVerdict): ElementObject =>
  new PlainElement(set, key, verdict)

/** A frontend's slot; `led` is `address . port` or a verdict. */
export const slotElement = (set: SetObject, frontend: Bytes, slot: number, led: Led): ElementObject =>
  new SlotElement(set, frontend, slot, led)

/** CIDRs as elements of an interval set: overlapping and adjoining ones joined, because the kernel refuses overlaps. */
export const intervals = (set: SetObject, cidrs: readonly string[]): ElementObject[] =>
  joined(cidrs).map(({ first, last }) => new RangeElement(set, first, last))

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
