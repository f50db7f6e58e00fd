import { canonicalAddress } from '../../model/address.ts'
import type { Protocol } from '../../model/objects.ts'
import type { DumpPart } from './cut.ts'

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
        file,
        line: first + index,
      },
    ]
  })

const tupleOf = ([, from = '', to = '', sourcePort, destinationPort]: RegExpExecArray): FlowTuple | null => {
  const source = canonicalAddress(from)
  const destination = canonicalAddress(to)
  if (source === null || destination === null) return null
  return { source, destination, sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) }
}
