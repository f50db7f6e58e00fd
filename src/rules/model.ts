import type { Fraction } from '../model/packet.ts'

/**
 * A model of packet-filter rules, near enough to the kernels to be exact and far enough from any dialect to be shared:
 * the planes' compilers write it, readers of dumps will, and one evaluator walks packets through it.
 *
 * Values are the kernel's bytes in network order held as a latin1 string, one character a byte: compact, comparable
 * (`<` is byte order), usable as a map key. In a concatenation every part is padded with zeros to a multiple of 4 bytes, as in nft.
 */
export type Bytes = string

export type Field =
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'meta l4proto' // 1 byte
  | 'th sport' // 2 bytes
  | 'th dport'
  | 'meta mark' // 4 bytes, host order in the kernel; big-endian here
  | 'meta iifname' // 16 bytes, zero padded
  | 'meta oifname'
  | 'ct state' // 4-byte bit mask, big-endian here: invalid 1, established 2, related 4, new 8, untracked 64
  | 'ct status' // 4-byte bit mask: dnat 0x20
  | 'fib saddr type' // 4 bytes, RTN_*: unicast 1, local 2, broadcast 3, … big-endian here
  | 'fib daddr type'
  // what only the rules of others ask for
  | 'ip protocol' // 1 byte, as meta l4proto, but no field of the other family
  | 'ip6 nexthdr'
  | 'ip frag-off' // 2 bytes, flags and offset; a first packet is no fragment: 0
  | 'tcp flags' // 1 byte: fin 1, syn 2, rst 4, psh 8, ack 16, urg 32; a first packet is a SYN
  | 'icmp type' // 1 byte
  | 'icmpv6 type'
  | 'meta nfproto' // 1 byte: IPv4 2, IPv6 10
  | 'meta protocol' // 2 bytes, the EtherType
  | 'meta pkttype' // 1 byte: host 0, broadcast 1, multicast 2, other 3
  | 'ct mark' // as meta mark
  | 'ct direction' // 1 byte: original 0, reply 1
  | 'ct l4proto' // 1 byte
  | 'ct original saddr' // of the packet's family, before any translation
  | 'ct original daddr'
  | 'ct original proto-src'
  | 'ct original proto-dst'

export type Expression =
  | { readonly kind: 'field'; readonly field: Field }
  /** (of & mask) ^ xor */
  | { readonly kind: 'bitwise'; readonly of: Expression; readonly mask: Bytes; readonly xor: Bytes }
  /** a hash of both ends of the flow, equal in both directions: spreads evenly, a 4-byte number as numgen */
  | { readonly kind: 'symhash'; readonly modulus: number; readonly offset: number }
  /** one byte of an address, 0 the first */
  | { readonly kind: 'octet'; readonly of: 'ip saddr' | 'ip daddr' | 'ip6 saddr' | 'ip6 daddr'; readonly at: number }
  /** a 4-byte number 0 … modulus−1, plus offset */
  | { readonly kind: 'numgen'; readonly mode: 'inc' | 'random'; readonly modulus: number; readonly offset: number }
  | {
      readonly kind: 'jhash'
      readonly of: readonly Expression[]
      readonly modulus: number
      readonly offset: number
      readonly seed: number
    }

export type Key = readonly Expression[]

/** accept ends this base chain, drop all; return in a base chain is its policy */
export type Jump =
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string }

export type Statement =
  /** (left & mask) op right; no mask: all bits */
  | {
      readonly kind: 'match'
      readonly left: Expression
      readonly op: '==' | '!='
      readonly right: Bytes
      readonly mask?: Bytes
    }
  /** left between two values, both inside */
  | {
      readonly kind: 'range'
      readonly left: Expression
      readonly negated: boolean
      readonly low: Bytes
      readonly high: Bytes
    }
  | { readonly kind: 'lookup'; readonly key: Key; readonly set: string; readonly negated: boolean }
  /** no element: the rule does not match */
  | { readonly kind: 'vmap'; readonly key: Key; readonly map: string }
  /** matches with these odds, each time anew (iptables' statistic): `-m statistic` of N/2³¹, nth as 1/every */
  | { readonly kind: 'chance'; readonly odds: Fraction }
  /**
   * A match on kernel state that no rules tell (recent, limit, hashlimit, connlimit, a set that packets fill). Taken as not matched, or as
   * matched with `assume`; `text` is the condition under which this holds, in words: `client not in affinity list KUBE-SEP-…`.
   */
  | { readonly kind: 'state'; readonly text: string; readonly name?: string; readonly assume?: boolean }
  /** address '': stays; port 0: stays */
  | { readonly kind: 'dnat'; readonly address: Bytes; readonly port: number }
  /** the map's data is address . port, or an address alone (the port stays); no element: the rule does not match */
  | { readonly kind: 'dnat-map'; readonly key: Key; readonly map: string }
  | { readonly kind: 'masquerade'; readonly fullyRandom: boolean }
  /** the source becomes this address; '': stays. The port is the kernel's choice where it is 0 or missing */
  | { readonly kind: 'snat'; readonly address: Bytes; readonly port?: number }
  /** to the machine itself: 127.0.0.1 or ::1 for what it sends, else the address of the interface; port 0: stays */
  | { readonly kind: 'redirect'; readonly port: number }
  /** mark = (mark & and) ^ xor */
  | { readonly kind: 'mark'; readonly and: number; readonly xor: number }
  /** the connection's mark: (ct mark & and) ^ xor */
  | { readonly kind: 'ct-mark'; readonly and: number; readonly xor: number }
  /** ct mark = (ct mark & ~ctMask) ^ (mark & markMask) */
  | { readonly kind: 'save-mark'; readonly ctMask: number; readonly markMask: number }
  /** mark = (mark & ~markMask) ^ (ct mark & ctMask) */
  | { readonly kind: 'restore-mark'; readonly ctMask: number; readonly markMask: number }
  /** conntrack does not see the packet: state untracked, no nat chain */
  | { readonly kind: 'notrack' }
  /** changes nothing that decides where the packet goes: log, nflog, nfacct, trace, TCPMSS, CHECKSUM, adding to a list … */
  | { readonly kind: 'side-effect'; readonly text: string }
  /** adds or refreshes an element of a timed set; a full set: the rule does not match */
  | { readonly kind: 'update'; readonly set: string; readonly key: Key }
  /** counts packets; with a name it is one that several rules share */
  | { readonly kind: 'counter'; readonly name?: string }
  /** `as`: another answer than these two, in the dialect's words (`icmp-admin-prohibited`) */
  | { readonly kind: 'reject'; readonly with: 'tcp-reset' | 'port-unreachable'; readonly as?: string }
  | { readonly kind: 'jump'; readonly jump: Jump }
  /**
   * Not understood: shown on the path, makes the answer partial. A match (default) is taken as not matched, and what would become of
   * the packet if it did match is followed too; after a target (`-j SOMETHING`, `queue`) the packet is taken to go on.
   */
  | { readonly kind: 'unknown'; readonly text: string; readonly role?: 'match' | 'target' }

/** As a dump shows them. */
export interface Counters {
  readonly packets: number
  readonly bytes: number
}

/**
 * Big rulesets share their statements, arrays of statements and strings between rules: 160,000 rules are in memory at once.
 * Evaluation never compares them by identity.
 */
export interface Rule {
  readonly statements: readonly Statement[]
  readonly comment?: string
  /** the rule as its dump has it; missing: it is printed from its statements */
  readonly text?: string
  readonly file?: string
  /** in its file, from 1 */
  readonly line?: number
  /** nftables' handle */
  readonly handle?: number
  readonly counters?: Counters
}

export interface Hook {
  /** route: as filter; a changed mark has the packet routed again */
  readonly type: 'filter' | 'nat' | 'route'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
  readonly policy: 'accept' | 'drop'
}

export interface Chain {
  readonly name: string
  readonly hook?: Hook
  readonly rules: readonly Rule[]
  /** of the policy */
  readonly counters?: Counters
  readonly file?: string
  readonly line?: number
}

/** What an element of a set or map leads to. */
export type ElementValue =
  | { readonly to: 'member' }
  /** `packets`: how many this element has met, where the set counts them */
  | { readonly to: 'data'; readonly data: Bytes; readonly packets?: number }
  | { readonly to: 'jump'; readonly jump: Jump }

/** Lookup is all the evaluator needs, so a set may answer from whatever its owner holds. */
export interface RuleSet {
  readonly name: string
  get(key: Bytes): ElementValue | undefined
  /** every single element, keys as `get` takes them; missing where the owner cannot list them. Intervals may be left out */
  entries?(): Iterable<readonly [key: Bytes, value: ElementValue]>
  /** it has elements that `entries` leaves out: intervals, beginnings of names, one for all other keys; default false */
  readonly intervals?: boolean
  /** timed sets that packets fill: a lookup becomes a condition instead of an answer */
  readonly dynamic: boolean
}

export interface Table {
  /** inet: packets of both families */
  readonly family: 'ip' | 'ip6' | 'inet'
  readonly name: string
  readonly chains: ReadonlyMap<string, Chain>
  readonly sets: ReadonlyMap<string, RuleSet>
}
