import type { Fraction } from '../model/packet.ts'
import { sum } from './fraction.ts'
import type { Bytes, Field } from './model.ts'

/** A share of all the packets that look like the one asked about: they have taken the same turns so far. */
export interface Flow {
  readonly odds: Fraction
  /** as it is now: DNAT changes it */
  readonly daddr: Bytes
  readonly dport: number
  readonly mark: number
  readonly dnat: boolean
  readonly masquerade: boolean
}

/** What does not change on the way. */
export interface Sender {
  readonly family: 'ip' | 'ip6'
  readonly saddr: Bytes
  /** IP protocol number */
  readonly protocol: number
  /** null: unknown, any */
  readonly sport: number | null
}

/** The machine that the packet meets. */
export interface Surroundings {
  /** prerouting: it comes in by an interface; output: a process of this machine sends it */
  readonly entry: 'prerouting' | 'output'
  /** after the last DNAT: does the machine keep it (input hook) or send it on (forward or output, then postrouting)? */
  readonly keeps: (address: Bytes) => boolean
  /** RTN_*: unicast 1, local 2, broadcast 3 … (what `fib … type` answers) */
  readonly addressType: (address: Bytes) => number
  /** bit mask as in `ct state`, default new (8) */
  readonly ctState?: number
  /** what else is known of the packet, e.g. `meta iifname` */
  readonly fields?: Readonly<Partial<Record<Field, Bytes>>>
}

/** Flows that cannot be told apart any more become one, so that a rule met by many costs as much as by few. */
export const merge = (flows: readonly Flow[]): readonly Flow[] => {
  if (flows.length < 2) return flows
  const groups = new Map<string, Flow[]>()
  for (const flow of flows) {
    const key = `${flow.daddr} ${flow.dport} ${flow.mark} ${flow.dnat} ${flow.masquerade}`
    const group = groups.get(key)
    if (group) group.push(flow)
    else groups.set(key, [flow])
  }
  return Array.from(groups.values(), (group) =>
    group.length === 1 ? (group[0] as Flow) : { ...(group[0] as Flow), odds: sum(group.map(({ odds }) => odds)) },
  )
}
