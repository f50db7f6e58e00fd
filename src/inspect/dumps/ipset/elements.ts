import { masked, padded, prefixMask, u16, u32, u8 } from '../../../rules/bytes.ts'
import type { Ipset } from '../../../rules/iptables/index.ts'
import { parsePorts, parsePrefix, parseUnsigned } from '../../../rules/iptables/prefix.ts'
import { parseProtocol } from '../../../rules/iptables/protocols.ts'
import type { Bytes, Expression, Key } from '../../../rules/model.ts'
import { field } from '../../../rules/terms.ts'

type Dimension = 'ip' | 'net' | 'port' | 'iface' | 'mark' | 'mac' | 'set'

export interface IpsetType {
  readonly method: 'hash' | 'bitmap' | 'list'
  readonly dimensions: readonly Dimension[]
  readonly family: 'ip' | 'ip6'
  /** addresses are compared in so many bits; default all */
  readonly netmask?: number
}

/** Bytes of the key and which of their bits count. Every part is padded to 4 bytes. */
export interface Element {
  readonly key: Bytes
  readonly mask: Bytes
  readonly nomatch: boolean
}

const dimensionNames = new Set<string>(['ip', 'net', 'port', 'iface', 'mark', 'mac', 'set'])

/** `hash:ip,port,net`; null: none that we know */
export const parseType = (text: string): IpsetType | null => {
  const [method = '', names = ''] = text.split(':')
  const dimensions = names.split(',')
  if (method !== 'hash' && method !== 'bitmap' && method !== 'list') return null
  if (!dimensions.every((name) => dimensionNames.has(name))) return null
  return { method, dimensions: dimensions as readonly Dimension[], family: 'ip' }
}

/** More ports in one element than a set can hold. */
const MOST_PORTS = 0x1_0000

/** `10.96.0.1,tcp:443`; several where it names a range of ports; null where it is none of this type. */
export const parseElement = (type: IpsetType, text: string, nomatch: boolean): readonly Element[] | null => {
  const parts = text.split(',')
  if (parts.length !== type.dimensions.length) return null
  let elements: { key: Bytes; mask: Bytes }[] = [{ key: '', mask: '' }]
  for (const [index, dimension] of type.dimensions.entries()) {
    const values = parsePart(type, dimension, parts[index] as string)
    if (values === null || elements.length * values.length > MOST_PORTS) return null
    elements = elements.flatMap((head) =>
      values.map((value) => ({ key: head.key + value.key, mask: head.mask + value.mask })),
    )
  }
  return elements.map((element) => ({ ...element, nomatch }))
}

type Part = Pick<Element, 'key' | 'mask'>

const exact = (bytes: Bytes): Part => {
  const key = padded(bytes)
  return { key, mask: '\xff'.repeat(key.length) }
}

const parsePart = (type: IpsetType, dimension: Dimension, text: string): readonly Part[] | null => {
  switch (dimension) {
    case 'ip':
    case 'net':
      return parseNetwork(type, text)
    case 'port':
      return parsePortPart(type, text)
    case 'iface':
      return [
        exact(
          text
            .replace(/^physdev:/, '')
            .slice(0, 16)
            .padEnd(16, '\0'),
        ),
      ]
    case 'mark': {
      const mark = parseUnsigned(text)
      return mark === null ? null : [exact(u32(mark))]
    }
    case 'mac':
    case 'set':
      // nothing is compared with them
      return [exact('')]
  }
}

const parseNetwork = ({ family, netmask }: IpsetType, text: string): readonly Part[] | null => {
  const prefix = parsePrefix(text)
  if (prefix?.address.length !== (family === 'ip' ? 4 : 16)) return null
  const own = netmask === undefined ? prefix.mask : prefixMask(netmask, prefix.mask.length)
  const mask = masked(prefix.mask, own)
  return [{ key: masked(prefix.address, mask), mask }]
}

/** `tcp:443`, `udp:53-60`, `443` in a bitmap of ports */
const parsePortPart = ({ method }: IpsetType, text: string): readonly Part[] | null => {
  const [first, second] = text.split(':')
  const protocol = second === undefined ? (method === 'bitmap' ? 0 : 6) : parseProtocol(first ?? '')
  const range = parsePorts(second ?? first ?? '', '-')
  if (range === null || protocol === null) return null
  const ports = Array.from({ length: range.high - range.low + 1 }, (_, index) => padded(u16(range.low + index)))
  return ports.map((port) => exact(method === 'bitmap' ? port : padded(u8(protocol)) + port))
}

/** The parts of the packet that a dimension compares, or null. */
const partOf = (
  { method, family }: IpsetType,
  dimension: Dimension,
  direction: 'src' | 'dst',
): readonly Expression[] | null => {
  const source = direction === 'src'
  switch (dimension) {
    case 'ip':
    case 'net':
      return [field(source ? `${family} saddr` : `${family} daddr`)]
    case 'port': {
      const port = field(source ? 'th sport' : 'th dport')
      return method === 'bitmap' ? [port] : [field('meta l4proto'), port]
    }
    case 'iface':
      return [field(source ? 'meta iifname' : 'meta oifname')]
    case 'mark':
      return [field('meta mark')]
    case 'mac':
    case 'set':
      return null
  }
}

const sizes: Readonly<Record<Dimension, number>> = { ip: 4, net: 4, port: 8, iface: 16, mark: 4, mac: 0, set: 0 }

const sizeOf = ({ method, family }: IpsetType, dimension: Dimension): number => {
  if (dimension === 'port' && method === 'bitmap') return 4
  return family === 'ip6' && (dimension === 'ip' || dimension === 'net') ? 16 : sizes[dimension]
}

/** A set of its elements; the most exact one that fits decides, as in the kernel. */
export const ipsetOf = (name: string, type: IpsetType, elements: readonly Element[]): Ipset => {
  const groups = new Map<Bytes, Map<Bytes, boolean>>()
  for (const { key, mask, nomatch } of elements) {
    const group = groups.get(mask)
    if (group === undefined) groups.set(mask, new Map([[key, nomatch]]))
    else group.set(key, nomatch)
  }
  const exactFirst = [...groups].sort(([a], [b]) => (a < b ? 1 : -1))
  return {
    name,
    dynamic: false,
    keySize: type.dimensions.reduce((size, dimension) => size + sizeOf(type, dimension), 0),
    keyOf: (directions) => keyOf(type, directions),
    get(key) {
      const asked = padded(key)
      for (const [mask, group] of exactFirst) {
        const nomatch = group.get(masked(asked, mask))
        if (nomatch !== undefined) return nomatch ? undefined : { to: 'member' }
      }
      return undefined
    },
  }
}

const keyOf = (type: IpsetType, directions: readonly ('src' | 'dst')[]): Key | null => {
  const key: Expression[] = []
  for (const [index, dimension] of type.dimensions.entries()) {
    const direction = directions[index]
    const part = direction === undefined ? null : partOf(type, dimension, direction)
    if (part === null) return null
    key.push(...part)
  }
  return key
}
