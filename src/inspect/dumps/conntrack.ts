import { canonicalAddress } from '../../model/address.ts'
import type { Protocol } from '../../model/objects.ts'
import type { DumpPart } from './cutting/parts.ts'

/** One direction of a flow, addresses canonical. */
export interface FlowTuple {
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
}

/** A flow as `conntrack -L` and /proc/net/nf_conntrack list it. */
export interface ConntrackEntry {
  readonly protocol: Protocol
  /** `ESTABLISHED`, `TIME_WAIT`, …; '' for protocols that have none */
  readonly state: string
  readonly original: FlowTuple
  readonly reply: FlowTuple
  /** seen in one direction only so far */
  readonly unreplied: boolean
  /** of both directions; missing: the kernel does not count them (net.netfilter.nf_conntrack_acct) */
  readonly bytes?: number
  /** seconds since it began; missing: the kernel does not keep it (net.netfilter.nf_conntrack_timestamp) */
  readonly age?: number
  /** when it began, seconds since the epoch; only of a live kernel */
  readonly openedAt?: number
  readonly file: string
  readonly line: number
}

const protocols: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }
const tuple = /src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g

/** Flows of the protocols that Services have; others (ICMP, GRE) are of no use here. */
export const readConntrack = ({ file, line: first, text }: DumpPart): readonly ConntrackEntry[] =>
  text.split('\n').flatMap((line, index) => {
    const [, name = '', state] = /^(?:ipv[46] +\d+ +)?(\w+) +\d+(?: +\d+)?(?: +([A-Z_]+))?/.exec(line) ?? []
    const protocol = protocols[name]
    const [original, reply] = Array.from(line.matchAll(tuple), tupleOf)
    if (protocol === undefined || !original || !reply) return []
    return [
      {
        protocol,
        state: state ?? '',
        original,
        reply,
        unreplied: line.includes('[UNREPLIED]'),
        ...bytesOf(line),
        ...ageOf(line),
        file,
        line: first + index,
      },
    ]
  })

const bytesOf = (line: string): { readonly bytes?: number } => {
  const counts = Array.from(line.matchAll(/ bytes=(\d+)/g), ([, count]) => Number(count))
  return counts.length === 0 ? {} : { bytes: counts.reduce((sum, count) => sum + count, 0) }
}

const ageOf = (line: string): { readonly age?: number } => {
  const [, seconds] = / delta-time=(\d+)/.exec(line) ?? []
  return seconds === undefined ? {} : { age: Number(seconds) }
}

const tupleOf = ([, from = '', to = '', sourcePort, destinationPort]: RegExpExecArray): FlowTuple | null => {
  const source = canonicalAddress(from)
  const destination = canonicalAddress(to)
  if (source === null || destination === null) return null
  return { source, destination, sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) }
}
