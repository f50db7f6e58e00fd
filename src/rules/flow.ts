import type { Bytes, Field } from './model.ts'
import { type Mass, total } from './mass.ts'

/** A share of all the packets that look like the one asked about: they have taken the same turns so far. */
export interface Flow {
  readonly odds: Mass
  /** as they are now: NAT changes them */
  readonly daddr: Bytes
  readonly dport: number
  /** null: not changed yet. '': changed to what no rule names (masquerade) */
  readonly source: Bytes | null
  readonly mark: number
  readonly ctMark: number
  readonly dnat: boolean
  readonly masquerade: boolean
  /** conntrack does not see it, so nat chains do not */
  readonly untracked: boolean
  /** to the machine itself, at an address of its own that the rules do not name */
  readonly redirected: boolean
  /** a rule accepted it */
  readonly accepted: boolean
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

/** The first packet of a connection, as the rules see it. */
export interface Probe extends Sender {
  readonly daddr: Bytes
  readonly dport: number
  /** default 0 */
  readonly mark?: number
}

/** The machine that the packet meets. */
export interface Surroundings {
  /** prerouting: it comes in by an interface; output: a process of this machine sends it */
  readonly entry: 'prerouting' | 'output'
  /** does the machine keep it (input hook) or send it on (forward or output, then postrouting)? `translated`: this is where DNAT sent it */
  readonly keeps: (address: Bytes, translated: boolean) => boolean
  /** RTN_*: unicast 1, local 2, broadcast 3 … (what `fib … type` answers) */
  readonly addressType: (address: Bytes) => number
  /** bit mask as in `ct state`, default new (8) */
  readonly ctState?: number
  /** what else is known of the packet, e.g. `meta iifname` */
  readonly fields?: Readonly<Partial<Record<Field, Bytes>>>
  /** `meta oifname` once the packet is routed, by its destination as it is then; undefined: not known */
  readonly outputInterface?: (address: Bytes) => Bytes | undefined
  /** values that a field surely does not have: what comes from another machine comes in by no `lo` */
  readonly not?: Readonly<Partial<Record<Field, readonly Bytes[]>>>
  /** fields of which only the first bytes are known: an interface's name */
  readonly begins?: Readonly<Partial<Record<Field, Bytes>>>
}

/** The machine as the chains of one hook and priority see it. */
export interface Place extends Surroundings {
  /** conntrack has not seen the packet yet: it is of no connection, and still may be left untracked */
  readonly beforeConntrack: boolean
}

/** Flows that cannot be told apart any more become one, so that a rule met by many costs as much as by few. */
export const merge = (flows: readonly Flow[]): readonly Flow[] => {
  if (flows.length < 2) return flows
  const groups = Map.groupBy(flows, keyOf)
  if (groups.size === flows.length) return flows
  return Array.from(groups.values(), (group) =>
    group.length === 1 ? (group[0] as Flow) : { ...(group[0] as Flow), odds: total(group.map(({ odds }) => odds)) },
  )
}

const keyOf = (flow: Flow): string => {
  const { daddr, dport, source, mark, ctMark, dnat, masquerade, untracked, redirected, accepted } = flow
  const bits = +dnat | (+masquerade << 1) | (+untracked << 2) | (+redirected << 3) | (+accepted << 4)
  return `${daddr} ${dport} ${source ?? '-'} ${mark} ${ctMark} ${bits}`
}
