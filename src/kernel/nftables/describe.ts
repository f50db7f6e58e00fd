import { splitKey } from './sets.ts'
import type { NftElement, NftOperation, NftSet, NftType } from './types.ts'

/** What an operation does and to what, in nft's words: `add element` `backends-1a7`. */
export function describeOperation(operation: NftOperation): { readonly verb: string; readonly object: string } {
  const verb = operation.op.replace('-', ' ').replace(/elements$/, 'element')
  const table = `${operation.family} ${operation.table}`
  switch (operation.op) {
    case 'add-table':
    case 'delete-table':
      return { verb, object: table }
    case 'add-chain':
    case 'delete-chain':
      return { verb, object: `${table} ${operation.chain.name}` }
    case 'flush-chain':
      return { verb, object: `${table} ${operation.chain}` }
    case 'add-rule':
      return {
        verb,
        object: `${table} ${operation.chain} "${operation.rule.expressions.map(({ name }) => name).join(' ')}"`,
      }
    case 'delete-rule':
      return { verb, object: `${table} ${operation.chain} handle ${operation.handle}` }
    case 'add-counter':
    case 'delete-counter':
      return { verb, object: `${table} ${operation.counter.name}` }
    default:
      return { verb, object: `${table} ${operation.set.name}` }
  }
}

/** Its key as nft prints it: `10.96.0.10 . udp . 53 . 2`. */
export function describeElement(set: NftSet, element: NftElement): string {
  const key = describeKey(set.key, element.key)
  return element.keyEnd === undefined || element.keyEnd === element.key
    ? key
    : `${key}-${describeKey(set.key, element.keyEnd)}`
}

const describeKey = (parts: readonly NftType[], key: string): string =>
  splitKey(parts, key)
    .map(({ type, value }) => describeValue(type, value))
    .join(' . ')

const protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'ipv6-icmp', 132: 'sctp' }

function describeValue(type: NftType, value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  switch (type) {
    case 'ipv4_addr':
      return bytes.join('.')
    case 'ipv6_addr':
      return describeIPv6(bytes)
    case 'inet_proto':
      return protocols[bytes[0] ?? 0] ?? String(bytes[0] ?? 0)
    case 'inet_service':
      return bytes.length === 2 ? String(bytes.readUInt16BE()) : bytes.toString('hex')
    case 'octet':
      return String(bytes[0] ?? 0)
    case 'mark':
    case 'slot':
      return bytes.length === 4 ? String(bytes.readUInt32LE()) : bytes.toString('hex')
    case 'ifname':
      return bytes.toString('latin1').replace(/\0.*$/s, '')
  }
}

function describeIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
}
