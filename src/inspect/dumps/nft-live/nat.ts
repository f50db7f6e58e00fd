import type { Fields } from '../../../kernel/nftables/fields.ts'
import { number, u8 } from '../../../rules/bytes.ts'
import type { Statement, Table } from '../../../rules/model.ts'
import { equals } from '../../../rules/terms.ts'
import type { Registers } from './registers.ts'

export interface Translation {
  readonly type: 'dnat' | 'snat'
  readonly family: 'ip' | 'ip6'
  /** 0: the address stays */
  readonly addressReg: number
  readonly portReg: number | null
  /** several addresses or ports to choose from */
  readonly range: boolean
  /** NF_NAT_RANGE_* */
  readonly flags: number
}

const natAttribute = { type: 1, family: 2, address: 3, addressMax: 4, port: 5, portMax: 6, flags: 7 } as const
const redirAttribute = { port: 1, portMax: 2 } as const
const masqFlags = 1
const NF_NAT_RANGE_PROTO_RANDOM_FULLY = 0x10
const NF_NAT_RANGE_NETMAP = 0x40

/** dnat and snat, from what the registers hold. */
export const translate = (
  { type, family, addressReg, portReg, range, flags }: Translation,
  registers: Registers,
  table: Table['family'],
): readonly Statement[] => {
  const unknown: Statement = { kind: 'unknown', text: `${type} to a choice of addresses or ports`, role: 'target' }
  // in a table of both families packets of the other pass
  const needs = table === 'inet' ? [equals('meta nfproto', u8(family === 'ip' ? 2 : 10))] : []
  const address = addressReg === 0 ? undefined : registers.at(addressReg)
  if (type === 'snat') {
    const known = address?.kind === 'constant' && !range ? address.data : ''
    return [...needs, { kind: 'snat', address: known }]
  }
  if (range || (flags & NF_NAT_RANGE_NETMAP) !== 0) return [unknown]
  if (address?.kind === 'mapped') {
    if (portReg !== null && !registers.continues(portReg, addressReg)) return [unknown]
    return [...needs, { kind: 'dnat-map', key: address.key, map: address.map }]
  }
  const port = portReg === null ? undefined : registers.at(portReg)
  if (address !== undefined && address.kind !== 'constant') return [unknown]
  if (port !== undefined && port.kind !== 'constant') return [unknown]
  return [...needs, { kind: 'dnat', address: address?.data ?? '', port: port === undefined ? 0 : number(port.data) }]
}

/** NAT that the reader of our own tables leaves out: sources, ranges, flags, redirects. */
export const foreignNat = (
  name: 'nat' | 'redir' | 'masq',
  fields: Fields,
  registers: Registers,
  table: Table['family'],
): readonly Statement[] => {
  if (name === 'masq')
    return [{ kind: 'masquerade', fullyRandom: (fields.u32(masqFlags) & NF_NAT_RANGE_PROTO_RANDOM_FULLY) !== 0 }]
  if (name === 'redir') {
    const port = fields.has(redirAttribute.port) ? registers.at(fields.u32(redirAttribute.port)) : undefined
    const range = differs(fields, redirAttribute.port, redirAttribute.portMax, registers)
    if (range || (port !== undefined && port.kind !== 'constant'))
      return [{ kind: 'unknown', text: 'redirect to a choice of ports', role: 'target' }]
    return [{ kind: 'redirect', port: port === undefined ? 0 : number(port.data) }]
  }
  const range =
    differs(fields, natAttribute.address, natAttribute.addressMax, registers) ||
    differs(fields, natAttribute.port, natAttribute.portMax, registers)
  const translation: Translation = {
    type: fields.u32(natAttribute.type) === 0 ? 'snat' : 'dnat',
    family: fields.u32(natAttribute.family) === 10 ? 'ip6' : 'ip',
    addressReg: fields.u32(natAttribute.address),
    portReg: fields.has(natAttribute.port) ? fields.u32(natAttribute.port) : null,
    range,
    flags: fields.u32(natAttribute.flags),
  }
  return translate(translation, registers, table)
}

/** Whether the end of a range is another value than its beginning. */
const differs = (fields: Fields, min: number, max: number, registers: Registers): boolean => {
  if (!fields.has(max) || fields.u32(max) === fields.u32(min)) return false
  const [low, high] = [registers.at(fields.u32(min)), registers.at(fields.u32(max))]
  return low.kind !== 'constant' || high.kind !== 'constant' || low.data !== high.data
}
