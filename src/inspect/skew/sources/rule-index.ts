import { addressBytes, familyOf, formatAddress, formatEndpoint } from '../../../model/address.ts'
import type { Packet, PathStep } from '../../../model/packet.ts'
import { number, padded, u16, u8 } from '../../../rules/bytes.ts'
import type { Bytes, Chain, Key, Rule, RuleSet, Table } from '../../../rules/model.ts'
import { ruleText } from '../../../rules/path.ts'

/** A rule of a packet's way, with the table that its maps are in. */
export interface PassedRule {
  readonly table: Table
  readonly chain: Chain
  readonly rule: Rule
}

/** Finds the rules that a trace names, of those that matter to counting: what asks for a port, picks or translates. */
export class RuleIndex {
  readonly #rules: ReadonlyMap<string, readonly PassedRule[]>

  constructor(tables: readonly Table[]) {
    const rules = new Map<string, PassedRule[]>()
    for (const table of tables)
      for (const chain of table.chains.values())
        for (const rule of chain.rules) {
          if (!rule.statements.some(matters)) continue
          const key = keyOf(table.name, chain.name, rule.file, rule.line ?? rule.handle ?? ruleText(rule, table.family))
          const same = rules.get(key)
          if (same === undefined) rules.set(key, [{ table, chain, rule }])
          else same.push({ table, chain, rule })
        }
    this.#rules = rules
  }

  /** null: it counts nothing, or is none of a packet of this family */
  find(step: PathStep, packet: Packet): PassedRule | null {
    const key = keyOf(step.table, step.chain, step.file, step.line ?? step.handle ?? step.rule)
    const family = familyOf(packet.to) === 'IPv6' ? 'ip6' : 'ip'
    return this.#rules.get(key)?.find(({ table }) => table.family === family || table.family === 'inet') ?? null
  }
}

const keyOf = (table: string, chain: string, file: string | undefined, place: string | number): string =>
  `${table}\n${chain}\n${file ?? ''}\n${place}`

const matters = (statement: Rule['statements'][number]): boolean => {
  switch (statement.kind) {
    case 'dnat':
    case 'dnat-map':
    case 'chance':
      return true
    case 'vmap':
      return statement.key.some(({ kind }) => kind === 'numgen' || kind === 'jhash' || kind === 'symhash')
    case 'match':
      return statement.left.kind === 'field' && statement.left.field === 'th dport'
    default:
      return false
  }
}

/** An element of a map of backends. */
export interface CountedElement {
  readonly key: Bytes
  /** `address:port` */
  readonly backend: string
  readonly packets: number
}

/** The counting elements that a packet may meet: those whose key begins with what it dials. Each map is gone through once. */
export class ElementIndex {
  readonly #maps = new WeakMap<RuleSet, Map<number, Map<Bytes, readonly [Bytes, Bytes, number][]>>>()

  find(set: RuleSet, key: Key, packet: Packet): readonly CountedElement[] {
    const prefix = prefixOf(key, packet)
    return (this.#grouped(set, prefix.length).get(prefix) ?? []).map(([element, data, packets]) => ({
      key: element,
      backend: endpointOf(data, packet),
      packets,
    }))
  }

  #grouped(set: RuleSet, length: number): Map<Bytes, readonly [Bytes, Bytes, number][]> {
    const lengths = this.#maps.get(set) ?? new Map<number, Map<Bytes, readonly [Bytes, Bytes, number][]>>()
    this.#maps.set(set, lengths)
    const known = lengths.get(length)
    if (known !== undefined) return known
    const groups = new Map<Bytes, [Bytes, Bytes, number][]>()
    for (const [key, value] of set.entries?.() ?? []) {
      if (value.to !== 'data' || value.packets === undefined) continue
      const prefix = key.slice(0, length)
      const group = groups.get(prefix)
      if (group === undefined) groups.set(prefix, [[key, value.data, value.packets]])
      else group.push([key, value.data, value.packets])
    }
    lengths.set(length, groups)
    return groups
  }
}

const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** The parts of a key that a packet's destination decides, up to the first that it does not. */
const prefixOf = (key: Key, { to, port, protocol }: Packet): Bytes => {
  let prefix = ''
  for (const part of key) {
    const bytes =
      part.kind !== 'field'
        ? null
        : part.field === 'ip daddr' || part.field === 'ip6 daddr'
          ? addressBytes(to)
          : part.field === 'meta l4proto'
            ? u8(protocolNumbers[protocol])
            : part.field === 'th dport'
              ? u16(port)
              : null
    if (bytes === null) return prefix
    prefix += key.length === 1 ? bytes : padded(bytes)
  }
  return prefix
}

/** Data of a map to backends: an address, or address and port. */
const endpointOf = (data: Bytes, { to, port }: Packet): string => {
  const length = familyOf(to) === 'IPv6' ? 16 : 4
  const address = formatAddress(data.slice(0, length))
  return formatEndpoint(address, data.length > length ? number(data.slice(length, length + 2)) : port)
}
