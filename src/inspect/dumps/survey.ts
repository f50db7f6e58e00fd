import { familyOf, formatEndpoint } from '../../model/address.ts'
import type { Fraction, Packet, Trace } from '../../model/packet.ts'
import { nearestDouble, one, subtract, sum } from '../../rules/fraction.ts'
import { type FoundFrontend, formatFrontend, frontendsOf } from './frontends.ts'
import { nodePortAddresses } from './node-ports.ts'
import type { NodeRules } from './node.ts'
import { traceNode } from './trace-node.ts'

/** One frontend of a node and what becomes of a packet to it. */
export interface SurveyedFrontend {
  /** as `formatFrontend` prints it */
  readonly frontend: string
  readonly title: string
  readonly packet: Packet
  readonly trace: Trace
  /** what a person should look at; empty: nothing */
  readonly odd: readonly string[]
}

/** The client that is assumed where none is given: somebody outside (RFC 5737 and 3849, for documentation only). */
const outsideClient = { IPv4: '198.51.100.1', IPv6: '2001:db8::1' } as const
/** The node's address where nothing says which it has. */
const someNode = { IPv4: '192.0.2.1', IPv6: '2001:db8:1::1' } as const

/**
 * Traces a packet to every frontend of a node. Rules that merely let a port in are no frontends: what is neither translated nor
 * refused by a Service proxy is left out, and so is what is not `wanted`, by its key and what the rules call it.
 */
export function* surveyNode(
  node: NodeRules,
  from?: string,
  wanted: (frontend: string, title: string) => boolean = () => true,
): Generator<SurveyedFrontend> {
  const trace = traceNode(placed(node))
  const own = [...new Set([...nodePortAddresses(node.tables), ...node.addresses])]
  for (const found of frontendsOf(node)) {
    const { frontend, title } = { ...found, frontend: formatFrontend(found) }
    if (!wanted(frontend, title)) continue
    for (const packet of packetsTo(found, own, from)) {
      const answer = trace(packet)
      if (!isMet(answer, found)) continue
      yield { frontend, title, packet, trace: answer, odd: oddities(answer) }
      break
    }
  }
}

const isMet = ({ verdict, partial }: Trace, { service, translates }: FoundFrontend): boolean =>
  verdict === 'dnat' ||
  (service && (verdict === 'reject' || verdict === 'drop')) ||
  (partial && (service || translates))

/** Where no listing says which addresses are the node's, node ports are asked for at one that it might have; the others are not its own. */
const placed = (node: NodeRules): NodeRules => {
  if (node.addressesFrom !== 'unknown') return node
  const addresses = node.addresses.size > 0 ? node.addresses : new Set(Object.values(someNode))
  return { ...node, addresses, addressesFrom: 'node' }
}

/** A node port may be open on some of the node's addresses only: on so many of them it is looked for. */
const MOST_ADDRESSES = 8

/** The packets that may meet a frontend, the likeliest first; none where a client of the other family was asked for. */
const packetsTo = (
  { address, family, port, protocol }: FoundFrontend,
  own: readonly string[],
  from?: string,
): readonly Packet[] => {
  const source = from ?? outsideClient[family]
  if (familyOf(source) !== family) return []
  const ofFamily = own.filter((one) => familyOf(one) === family).slice(0, MOST_ADDRESSES)
  const targets = address === null ? [...ofFamily, ...(ofFamily.length === 0 ? [someNode[family]] : [])] : [address]
  return targets.map((to) => ({ from: source, to, port, protocol }))
}

/** Shares further than this from even, as a part of the even share, are called uneven; iptables' own rounding is far below. */
const UNEVEN = 0.01

const oddities = ({ verdict, backends, partial }: Trace): readonly string[] => {
  const odd: string[] = []
  if (partial) odd.push('partial')
  if (verdict === 'reject') odd.push('refused')
  if (verdict === 'drop') odd.push('dropped')
  const lost = outcomes({ verdict, backends }).get('elsewhere')
  if (lost !== undefined) odd.push(`${percent(nearestDouble(lost))} never get to a backend`)
  const shares = backends.map(({ probability }) => nearestDouble(probability))
  const most = Math.max(...shares)
  const least = Math.min(...shares)
  const even = shares.reduce((total, share) => total + share, 0) / shares.length
  if (shares.length > 1 && (most > even * (1 + UNEVEN) || least < even * (1 - UNEVEN)))
    odd.push(`uneven: ${percent(least)} to ${percent(most)}`)
  return odd
}

export const percent = (share: number): string => `${Number((share * 100).toFixed(4))}%`

/** Every outcome of a packet with its odds, which sum to 1: a backend, or what else becomes of it. */
export const outcomes = ({ verdict, backends }: Pick<Trace, 'verdict' | 'backends'>): ReadonlyMap<string, Fraction> => {
  if (verdict !== 'dnat') return new Map([[verdict, one]])
  const shares = backends.map(({ address, port, probability }) => [formatEndpoint(address, port), probability] as const)
  const lost = subtract(one, sum(backends.map(({ probability }) => probability)))
  return new Map(lost.numerator === 0n ? shares : [...shares, ['elsewhere', lost]])
}
