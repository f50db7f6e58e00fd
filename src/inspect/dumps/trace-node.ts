import { addressBytes, familyOf, formatAddress, formatEndpoint } from '../../model/address.ts'
import type { Packet, Trace } from '../../model/packet.ts'
import { evaluator } from '../../rules/evaluate.ts'
import type { Surroundings } from '../../rules/flow.ts'
import type { Bytes } from '../../rules/model.ts'
import { traceOf } from '../../rules/trace.ts'
import { briefly, sameAnswer, withDoubts } from './assume.ts'
import { blindSpots } from './blind-spots.ts'
import type { ConntrackEntry } from './conntrack.ts'
import { interfaceTo } from './interfaces.ts'
import type { NodeRules } from './node.ts'
import { formatDumpProblem } from './problem.ts'

export interface TraceNodeOptions {
  /** at most so many rules that did not match are put on the path, with the reason; default 0 */
  readonly misses?: number
}

const RTN_UNICAST = 1
const RTN_LOCAL = 2
const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const
/** Of flows that exist already so many are named. */
const MOST_FLOWS = 4

/**
 * Where this node would send packets, by the rules that were read. What the listings leave open is a condition of the answer
 * where one reading is likelier, and makes it partial where it is not.
 */
export const traceNode = (node: NodeRules, options: TraceNodeOptions = {}): ((packet: Packet) => Trace) => {
  const machine = new Machine(node, options)
  const doubts = node.problems.filter(({ doubt }) => doubt).map(formatDumpProblem)
  const unseen = blindSpots(node)
  return (packet) => {
    const trace = machine.trace(packet)
    const { conditions, unknown } = unseen(packet, trace)
    return withDoubts(trace, [...existing(node.conntrack ?? [], packet), ...conditions], [...doubts, ...unknown])
  }
}

class Machine {
  readonly #node: NodeRules
  readonly #options: TraceNodeOptions
  /** of virtual services: IPVS works only where they are the node's own */
  readonly #virtual: ReadonlySet<string>
  readonly #evaluate: ReturnType<typeof evaluator>

  constructor(node: NodeRules, options: TraceNodeOptions) {
    this.#node = node
    this.#options = options
    this.#evaluate = evaluator(node.tables)
    this.#virtual = node.addressesFrom === 'listing' ? new Set() : virtualAddresses(node)
  }

  trace(packet: Packet): Trace {
    const plain = this.#run(packet, [])
    if (this.#node.addressesFrom !== 'unknown') return plain
    const { from, to } = packet
    const settled = this.#isOwn(to, []) ? plain : likelier(plain, this.#run(packet, [to]), to)
    if (this.#isOwn(from, [])) return settled
    const sent = this.#run(packet, settled.conditions.includes(ownAddress(to)) ? [from, to] : [from])
    return sameAnswer(sent, settled)
      ? settled
      : withDoubts(settled, [`${from} is no address of this node (then: ${briefly(sent)}${masqueraded(sent)})`], [])
  }

  /** `assumed`: addresses taken as the node's own. */
  #run(packet: Packet, assumed: readonly string[]): Trace {
    const { from, to, port, protocol } = packet
    const probe = {
      family: familyOf(to) === 'IPv6' ? ('ip6' as const) : ('ip' as const),
      saddr: addressBytes(from),
      daddr: addressBytes(to),
      protocol: protocolNumbers[protocol],
      sport: null,
      dport: port,
    }
    const { misses = 0 } = this.#options
    return traceOf(this.#evaluate(probe, this.#around(packet, assumed), { accepts: true, misses }))
  }

  #around({ from, inputInterface }: Packet, assumed: readonly string[]): Surroundings {
    const sentHere = inputInterface === undefined && this.#isOwn(from, assumed)
    const arrives = inputInterface ?? (sentHere ? '' : interfaceTo(this.#node.routes, from))
    const isLocal = (address: Bytes): boolean => this.#isOwn(formatAddress(address), assumed)
    return {
      entry: sentHere ? 'output' : 'prerouting',
      keeps: isLocal,
      addressType: (address) => (isLocal(address) ? RTN_LOCAL : RTN_UNICAST),
      outputInterface: (address) => {
        const name = isLocal(address) ? 'lo' : interfaceTo(this.#node.routes, formatAddress(address))
        return name === undefined ? undefined : interfaceBytes(name)
      },
      not: NOT_BY_LOOPBACK,
      ...(arrives === undefined ? {} : { fields: { 'meta iifname': interfaceBytes(arrives) } }),
    }
  }

  #isOwn(address: string, assumed: readonly string[]): boolean {
    return (
      this.#node.addresses.has(address) ||
      this.#virtual.has(address) ||
      address.startsWith('127.') ||
      address === '::1' ||
      assumed.includes(address)
    )
  }
}

/** 16 bytes, as the kernel compares them. */
const interfaceBytes = (name: string): Bytes => Buffer.from(name).toString('latin1').slice(0, 15).padEnd(16, '\0')

const NOT_BY_LOOPBACK = { 'meta iifname': [interfaceBytes('lo')], 'meta oifname': [interfaceBytes('lo')] }

const ownAddress = (address: string): string => `${address} is an address of this node (no listing says so)`

/**
 * Whether an address is the node's own is often not in a dump. Nobody asks about an address that no rule knows, so the answer
 * that translates or refuses is the likelier one.
 */
const likelier = (plain: Trace, own: Trace, to: string): Trace => {
  if (sameAnswer(plain, own)) return plain
  const translates = own.verdict === 'dnat' && plain.verdict !== 'dnat'
  if (translates || (isIdle(plain) && !isIdle(own))) return withDoubts(own, [ownAddress(to)], [])
  const condition = `${to} is no address of this node (then: ${briefly(own)}${masqueraded(own)})`
  return withDoubts(plain, [condition], isIdle(plain) && own.partial ? own.unknown : [])
}

const isIdle = ({ verdict }: Trace): boolean => verdict === 'none' || verdict === 'accept'

const masqueraded = ({ masquerade, verdict }: Trace): string => {
  if (verdict !== 'dnat') return ''
  return masquerade === true ? ', masqueraded' : ', not masqueraded'
}

const virtualAddresses = ({ ipvs }: NodeRules): ReadonlySet<string> =>
  new Set(ipvs?.services.flatMap(({ key }) => (key.kind === 'address' ? [key.address] : [])))

/** Rules are asked for the first packet of a flow only: those that exist go where conntrack says. */
const existing = (entries: readonly ConntrackEntry[], { from, to, port, protocol }: Packet): readonly string[] => {
  const found = entries.filter(
    ({ original, protocol: its }) =>
      original.source === from && original.destination === to && original.destinationPort === port && its === protocol,
  )
  const named = found.slice(0, MOST_FLOWS).map(({ original, reply, state, file, line }) => {
    const target = formatEndpoint(reply.source, reply.sourcePort)
    return `the flow from port ${original.sourcePort} exists${state === '' ? '' : ` (${state})`} and goes to ${target} whatever the rules say (${file}:${line})`
  })
  const more = found.length - named.length
  return more > 0 ? [...named, `${more} more flows of this client exist`] : named
}
