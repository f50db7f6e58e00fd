import type { Counters, Jump } from '../../../rules/model.ts'

/**
 * nft's language as its listings use it, before any type is known: what the readers of text and of JSON have in common.
 * Words stay as printed (`80-90`, `10.0.0.0/8`, `https`); the selector beside them says later what they mean.
 */
export type Syntax =
  | { readonly kind: 'word'; readonly text: string }
  /** what a packet has: `ip saddr`, `meta mark`, `fib daddr type` (one space between words) */
  | { readonly kind: 'selector'; readonly name: string }
  | {
      readonly kind: 'numgen'
      readonly mode: 'inc' | 'random'
      readonly modulus: number
      readonly offset: number
    }
  | {
      readonly kind: 'jhash'
      readonly of: Syntax
      readonly modulus: number
      /** missing: one that the kernel made up */
      readonly seed: number | undefined
      readonly offset: number
    }
  | { readonly kind: 'symhash'; readonly modulus: number; readonly offset: number }
  | { readonly kind: 'prefix'; readonly of: Syntax; readonly length: number }
  | { readonly kind: 'range'; readonly low: Syntax; readonly high: Syntax }
  | {
      readonly kind: 'binary'
      readonly op: '&' | '|' | '^' | '<<' | '>>'
      readonly left: Syntax
      readonly right: Syntax
    }
  /** `established,related` */
  | { readonly kind: 'list'; readonly parts: readonly Syntax[] }
  /** `ip daddr . tcp dport` */
  | { readonly kind: 'concatenation'; readonly parts: readonly Syntax[] }
  /** `{ 1, 2 }`, `{ 0 : accept }` */
  | { readonly kind: 'set'; readonly elements: readonly ElementSyntax[] }
  /** `@name` */
  | { readonly kind: 'reference'; readonly set: string }
  /** `key map { … }`, `key map @name` */
  | { readonly kind: 'map'; readonly key: Syntax; readonly data: Syntax }

export interface ElementSyntax {
  /** the word `*` catches all */
  readonly key: Syntax
  readonly value?: Syntax | Verdict
  /** where its set counts them */
  readonly packets?: number
}

/** continue: goes on to the next rule */
export interface Verdict {
  readonly kind: 'verdict'
  readonly jump: Jump | 'continue'
}

/** '': none is written, what nft then means depends on the type (equal; of flags: any of them). `!`: none of the flags */
export type Operator = '' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '!'

export type StatementSyntax =
  | { readonly kind: 'match'; readonly left: Syntax; readonly op: Operator; readonly right: Syntax }
  | { readonly kind: 'vmap'; readonly key: Syntax; readonly data: Syntax }
  | Verdict
  /** `meta mark set …`; `text` is the whole statement */
  | { readonly kind: 'assignment'; readonly to: string; readonly value: Syntax; readonly text: string }
  | NatSyntax
  /** '' where nothing is said: port unreachable */
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'counter'; readonly name?: string; readonly counters?: Counters }
  | { readonly kind: 'update'; readonly set: string; readonly key: Syntax; readonly text: string }
  /** a match on what no ruleset tells: limit, quota, ct count */
  | { readonly kind: 'state'; readonly text: string; readonly assume: boolean }
  | { readonly kind: 'side-effect'; readonly text: string }
  | { readonly kind: 'notrack' }
  /** an iptables extension that nft shows only by name */
  | { readonly kind: 'extension'; readonly type: 'match' | 'target'; readonly name: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string; readonly role: 'match' | 'target' }

export interface NatSyntax {
  readonly kind: 'nat'
  readonly type: 'dnat' | 'snat' | 'redirect' | 'masquerade'
  readonly family?: 'ip' | 'ip6'
  readonly address?: Syntax
  readonly port?: Syntax
  readonly flags: readonly string[]
  readonly text: string
}

export interface RuleSyntax {
  readonly statements: readonly StatementSyntax[]
  readonly comment?: string
  readonly handle?: number
  readonly line?: number
  /** missing: the reader has no text of its own */
  readonly text?: string
}

export interface SetSyntax {
  readonly name: string
  readonly isMap: boolean
  /** parts of the key, each a type's name (`ipv4_addr`) or, from typeof, a selector */
  readonly key: readonly TypeSyntax[]
  /** verdict: `: verdict`; missing: a set, or a map to what is no data (objects) */
  readonly data?: readonly TypeSyntax[] | 'verdict'
  readonly flags: readonly string[]
  readonly elements: readonly ElementSyntax[]
}

export type TypeSyntax = { readonly type: string } | { readonly of: Syntax }

export const word = (text: string): Syntax => ({ kind: 'word', text })
export const selector = (name: string): Syntax => ({ kind: 'selector', name })
