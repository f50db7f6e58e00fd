import { compareAddresses, formatAddress, formatEndpoint } from '../../model/address.ts'
import type { Family, Protocol } from '../../model/objects.ts'
import { number } from '../../rules/bytes.ts'
import type { Bytes, Chain, Expression, Field, Key, Rule, Statement, Table } from '../../rules/model.ts'
import type { NodeRules } from './node.ts'

/** Something that clients dial, as rules or virtual services have it. */
export interface FoundFrontend {
  /** null: a node port, open on the node's own addresses */
  readonly address: string | null
  readonly family: Family
  readonly port: number
  readonly protocol: Protocol
  /** a Service proxy's, so a refusal counts as an answer; else somebody's port forwarding */
  readonly service: boolean
  /** the rule that names it translates */
  readonly translates: boolean
  /** what the rules say it is, e.g. `default/web:http`; '' nothing */
  readonly title: string
}

/** `10.96.0.10:53/UDP`, `node:30080/TCP`, `node6:30080/TCP`: as in `plan`. */
export const formatFrontend = ({ address, family, port, protocol }: FoundFrontend): string =>
  `${address === null ? `${family === 'IPv6' ? 'node6' : 'node'}:${port}` : formatEndpoint(address, port)}/${protocol}`

/**
 * Every frontend that rules name by number: address, protocol and port, or protocol and port of the node. Ports that only a range or
 * a mark selects are not found. Sorted by address, port and protocol, node ports last.
 */
export const frontendsOf = (node: NodeRules): readonly FoundFrontend[] => {
  const found = new Map<string, FoundFrontend>()
  const add = (one: FoundFrontend): void => {
    const key = formatFrontend(one)
    const before = found.get(key)
    if (before === undefined) found.set(key, one)
    else
      found.set(key, {
        ...before,
        service: one.service || before.service,
        translates: one.translates || before.translates,
        title: before.title || one.title,
      })
  }
  for (const table of node.tables) for (const chain of table.chains.values()) fromChain(table, chain, add)
  return [...found.values()].sort(inOrder)
}

const inOrder = (a: FoundFrontend, b: FoundFrontend): number => {
  if (a.address === null || b.address === null) {
    if (a.address !== b.address) return a.address === null ? 1 : -1
    return a.family < b.family ? -1 : a.family > b.family ? 1 : a.port - b.port || (a.protocol < b.protocol ? -1 : 1)
  }
  return compareAddresses(a.address, b.address) || a.port - b.port || (a.protocol < b.protocol ? -1 : 1)
}

/** What a rule asks of a packet's destination. */
interface Asked {
  readonly daddr: Bytes | null
  readonly protocols: readonly Protocol[]
  readonly ports: readonly number[]
}

const protocolOf: Readonly<Record<number, Protocol>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' }
const allProtocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP']
const proxyTables = new Set(['kube-proxy', 'evenkeel', 'ipvs'])

const fromChain = (table: Table, chain: Chain, add: (one: FoundFrontend) => void): void => {
  const service = proxyTables.has(table.name) || chain.name.startsWith('KUBE-')
  for (const rule of chain.rules) {
    const asked = askedBy(rule, table)
    const title = titleOf(rule)
    if (asked.ports.length > 0 && leadsOn(rule)) {
      for (const family of familiesOf(table, asked.daddr))
        for (const protocol of asked.protocols)
          for (const port of asked.ports)
            add({
              address: asked.daddr === null ? null : formatAddress(asked.daddr),
              family,
              port,
              protocol,
              service,
              translates: rule.statements.some(isTranslation),
              title,
            })
    }
    for (const statement of rule.statements) fromMap(statement, table, service, add)
  }
}

const familiesOf = ({ family }: Table, daddr: Bytes | null): readonly Family[] => {
  if (daddr !== null) return [daddr.length === 4 ? 'IPv4' : 'IPv6']
  if (family === 'inet') return ['IPv4', 'IPv6']
  return [family === 'ip' ? 'IPv4' : 'IPv6']
}

const isTranslation = ({ kind }: Statement): boolean => kind === 'dnat' || kind === 'dnat-map' || kind === 'redirect'

const leadsOn = ({ statements }: Rule): boolean =>
  statements.some((statement) => {
    switch (statement.kind) {
      case 'dnat':
      case 'dnat-map':
      case 'redirect':
      case 'reject':
        return true
      case 'jump':
        return (
          statement.jump.verdict === 'jump' || statement.jump.verdict === 'goto' || statement.jump.verdict === 'drop'
        )
      default:
        return false
    }
  })

const askedBy = ({ statements }: Rule, table: Table): Asked => {
  let daddr: Bytes | null = null
  let protocols = allProtocols
  let ports: readonly number[] = []
  for (const statement of statements) {
    if (
      statement.kind === 'match' &&
      statement.op === '==' &&
      statement.mask === undefined &&
      statement.left.kind === 'field'
    ) {
      const { field } = statement.left
      if (isDestination(field)) daddr = statement.right
      else if (field === 'meta l4proto') protocols = protocolsOf(statement.right)
      else if (field === 'th dport') ports = [number(statement.right)]
    } else if (statement.kind === 'lookup' && !statement.negated && isPorts(statement.key)) {
      ports = Array.from(table.sets.get(statement.set)?.entries?.() ?? [], ([key]) => number(key))
    }
  }
  return { daddr, protocols, ports }
}

const isDestination = (field: Field): boolean => field === 'ip daddr' || field === 'ip6 daddr'
const isPorts = (key: Key): boolean => key.length === 1 && key[0]?.kind === 'field' && key[0].field === 'th dport'
const protocolsOf = (bytes: Bytes): readonly Protocol[] => {
  const known = protocolOf[number(bytes)]
  return known === undefined ? [] : [known]
}

/** kube-proxy's comment `default/web:http cluster IP` begins with the ServicePort's name. */
const titleOf = ({ comment }: Rule): string => /^(\S+\/\S+)(?: |$)/.exec(comment ?? '')?.[1] ?? ''

const fromMap = (statement: Statement, table: Table, service: boolean, add: (one: FoundFrontend) => void): void => {
  if (statement.kind !== 'vmap' && statement.kind !== 'dnat-map') return
  const positions = positionsOf(statement.key)
  if (positions.port === undefined) return
  for (const [key, value] of table.sets.get(statement.map)?.entries?.() ?? []) {
    const part = (name: 'daddr' | 'protocol' | 'port'): Bytes | null => {
      const at = positions[name]
      return at === undefined ? null : key.slice(at.from, at.from + at.length)
    }
    const daddr = part('daddr')
    const protocol = part('protocol')
    const title = value.to === 'jump' && 'chain' in value.jump ? titleOfChain(value.jump.chain) : ''
    const port = number(part('port') ?? '')
    for (const family of familiesOf(table, daddr))
      for (const one of protocol === null ? allProtocols : protocolsOf(protocol))
        add({
          address: daddr === null ? null : formatAddress(daddr),
          family,
          port,
          protocol: one,
          service,
          translates: statement.kind === 'dnat-map',
          title,
        })
  }
}

/** kube-proxy's chains are named `service-HASH-NAMESPACE/NAME/PROTOCOL/PORT`, ours `f-HASH-NAMESPACE/NAME/PORT`. */
const titleOfChain = (chain: string): string => {
  const [, name, rest = ''] = /^[\w-]*?-[\da-z]{8,}-([^/]+\/[^/]+)(?:\/(.*))?$/i.exec(chain) ?? []
  if (name === undefined) return ''
  const port = rest.replace(/^(?:tcp|udp|sctp)\//, '').replace(/__.*$/, '')
  return port === '' ? name : `${name}:${port}`
}

interface Position {
  readonly from: number
  readonly length: number
}

/** Where the parts of a destination stand in a concatenated key. */
const positionsOf = (key: Key): Partial<Record<'daddr' | 'protocol' | 'port', Position>> => {
  const found: Partial<Record<'daddr' | 'protocol' | 'port', Position>> = {}
  let from = 0
  for (const part of key) {
    const length = lengthOf(part)
    if (length === null) return {}
    if (part.kind === 'field') {
      if (isDestination(part.field)) found.daddr = { from, length }
      else if (part.field === 'meta l4proto') found.protocol = { from, length }
      else if (part.field === 'th dport') found.port = { from, length }
    }
    from += key.length === 1 ? length : Math.ceil(length / 4) * 4
  }
  return found
}

const lengthOf = (part: Expression): number | null => {
  if (part.kind !== 'field') return null
  switch (part.field) {
    case 'ip saddr':
    case 'ip daddr':
      return 4
    case 'ip6 saddr':
    case 'ip6 daddr':
      return 16
    case 'meta l4proto':
      return 1
    case 'th sport':
    case 'th dport':
      return 2
    default:
      return null
  }
}
