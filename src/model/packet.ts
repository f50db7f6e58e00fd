import type { Protocol } from './objects.ts'

/** What is asked of a tracer or of the oracle: the first packet of a connection. */
export interface Packet {
  readonly name?: string
  readonly from: string
  readonly to: string
  readonly port: number
  readonly protocol: Protocol
  /** the interface of the node by which it comes in; missing: sent by the node itself, or not known */
  readonly inputInterface?: string
}

export type Verdict = 'dnat' | 'reject' | 'drop' | 'accept' | 'none'

/** Exact odds as a reduced fraction. */
export interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

export interface TracedBackend {
  readonly address: string
  readonly port: number
  readonly probability: Fraction
  readonly masquerade: boolean
  /** the source address after NAT, where a rule names one (SNAT); masquerade without it: the address of the interface it leaves by */
  readonly source?: string
  /** `namespace/pod`, where known */
  readonly pod?: string
  readonly node?: string
}

export interface PathStep {
  readonly table: string
  readonly chain: string
  readonly rule: string
  /** line of the dump it came from, where there is one */
  readonly line?: number
  /** the file of `line` */
  readonly file?: string
  /** nftables' handle of the rule, where a dump or the kernel gives it */
  readonly handle?: number
  /** packets and bytes that the dump says the rule has counted */
  readonly counters?: { readonly packets: number; readonly bytes: number }
  /** `no match` only where misses were asked for */
  readonly result: string
  /** with `no match`: the first part of the rule that did not hold, and the packet's value where it is known */
  readonly whyNot?: string
}

/** CLI.md, "trace". */
export interface Trace {
  readonly verdict: Verdict
  /** null: depends on the backend (hairpin) */
  readonly masquerade: boolean | null
  /** sorted by address bytes, then port; empty unless verdict is dnat */
  readonly backends: readonly TracedBackend[]
  readonly partial: boolean
  readonly unknown: readonly string[]
  readonly path: readonly PathStep[]
  readonly conditions: readonly string[]
}
