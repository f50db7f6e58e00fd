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

export type Expression =
  | { readonly kind: 'field'; readonly field: Field }
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
  | { readonly kind: 'dnat'; readonly address: Bytes; readonly port: number }
  /** the map's data is address . port; no element: the rule does not match */
  | { readonly kind: 'dnat-map'; readonly key: Key; readonly map: string }
  | { readonly kind: 'masquerade'; readonly fullyRandom: boolean }
  /** mark = (mark & and) ^ xor */
  | { readonly kind: 'mark'; readonly and: number; readonly xor: number }
  /** adds or refreshes an element of a timed set; a full set: the rule does not match */
  | { readonly kind: 'update'; readonly set: string; readonly key: Key }
  /** counts packets; with a name it is one that several rules share */
  | { readonly kind: 'counter'; readonly name?: string }
  | { readonly kind: 'reject'; readonly with: 'tcp-reset' | 'port-unreachable' }
  | { readonly kind: 'jump'; readonly jump: Jump }
  /** somebody else's: shown on the path, makes the answer partial */
  | { readonly kind: 'unknown'; readonly text: string }

export interface Rule {
  readonly statements: readonly Statement[]
  readonly comment?: string
  readonly line?: number
}

export interface Hook {
  readonly type: 'filter' | 'nat'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
  readonly policy: 'accept' | 'drop'
}

export interface Chain {
  readonly name: string
  readonly hook?: Hook
  readonly rules: readonly Rule[]
}

/** What an element of a set or map leads to. */
export type ElementValue =
  | { readonly to: 'member' }
  | { readonly to: 'data'; readonly data: Bytes }
  | { readonly to: 'jump'; readonly jump: Jump }

/** Lookup is all the evaluator needs, so a set may answer from whatever its owner holds. */
export interface RuleSet {
  readonly name: string
  get(key: Bytes): ElementValue | undefined
  /** timed sets that packets fill: a lookup becomes a condition instead of an answer */
  readonly dynamic: boolean
}

export interface Table {
  readonly family: 'ip' | 'ip6'
  readonly name: string
  readonly chains: ReadonlyMap<string, Chain>
  readonly sets: ReadonlyMap<string, RuleSet>
}
