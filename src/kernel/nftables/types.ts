/**
 * nf_tables as data (include/uapi/linux/netfilter/nf_tables.h): what we send and what a dump gives back.
 * Bytes are latin1 strings, one character a byte, as in the rule model.
 */
export type Bytes = string
export type NftFamily = 'ip' | 'ip6' | 'inet'

export type NftVerdict =
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string }

/**
 * One expression of a rule, registers included. A dump decodes to the same value that was encoded (defaults that the kernel adds are
 * filled in by the encoder), so rules compare structurally. What we do not know is kept as `unknown` with its raw attributes.
 * Registers: 1 … 4 are 16 bytes each (NFT_REG_1…4), 8 … 23 are 4 bytes each (NFT_REG32_00…15).
 */
export type NftExpr =
  | {
      readonly name: 'payload'
      readonly dreg: number
      readonly base: 'link' | 'network' | 'transport'
      readonly offset: number
      readonly len: number
    }
  | { readonly name: 'meta'; readonly key: MetaKey; readonly dreg: number }
  | { readonly name: 'meta-set'; readonly key: MetaKey; readonly sreg: number }
  | {
      readonly name: 'cmp'
      readonly sreg: number
      readonly op: 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte'
      readonly data: Bytes
    }
  | {
      readonly name: 'range'
      readonly sreg: number
      readonly op: 'eq' | 'neq'
      readonly from: Bytes
      readonly to: Bytes
    }
  | {
      readonly name: 'bitwise'
      readonly sreg: number
      readonly dreg: number
      readonly len: number
      readonly mask: Bytes
      readonly xor: Bytes
    }
  | { readonly name: 'immediate'; readonly dreg: number; readonly data: Bytes }
  /** dreg 0 (NFT_REG_VERDICT) */
  | { readonly name: 'verdict'; readonly verdict: NftVerdict }
  /** dreg null: a plain set lookup; 0: a verdict map; else a data map */
  | {
      readonly name: 'lookup'
      readonly set: string
      readonly sreg: number
      readonly dreg: number | null
      readonly invert: boolean
    }
  | {
      readonly name: 'dynset'
      readonly set: string
      readonly op: 'add' | 'update'
      readonly sregKey: number
      readonly timeoutMs: number
    }
  | {
      readonly name: 'numgen'
      readonly dreg: number
      readonly mode: 'inc' | 'random'
      readonly modulus: number
      readonly offset: number
    }
  | {
      readonly name: 'jhash'
      readonly sreg: number
      readonly dreg: number
      readonly len: number
      readonly modulus: number
      readonly seed: number
      readonly offset: number
    }
  | { readonly name: 'fib'; readonly dreg: number; readonly result: 'type'; readonly from: 'saddr' | 'daddr' }
  | { readonly name: 'ct'; readonly key: 'state' | 'status'; readonly dreg: number }
  | {
      readonly name: 'nat'
      readonly type: 'dnat'
      readonly family: 'ip' | 'ip6'
      readonly addressReg: number
      readonly portReg: number | null
    }
  | { readonly name: 'masq'; readonly fullyRandom: boolean }
  | { readonly name: 'reject'; readonly with: 'tcp-reset' | 'port-unreachable' }
  /** packets and bytes are what a dump shows; they are not part of equality and not sent */
  | { readonly name: 'counter'; readonly packets?: number; readonly bytes?: number }
  /** a named counter */
  | { readonly name: 'objref'; readonly counter: string }
  | { readonly name: 'unknown'; readonly kernelName: string; readonly raw: Bytes }

export type MetaKey = 'mark' | 'l4proto' | 'iifname' | 'oifname' | 'nfproto'

export interface NftRule {
  readonly expressions: readonly NftExpr[]
  /** NFTA_RULE_USERDATA, comment */
  readonly comment: string
  /** NFTA_RULE_COMPAT: what x_tables' extensions in it may rely on; sent, not read */
  readonly compat?: { readonly protocol: number; readonly inverted: boolean }
}

/** A named counter (NFT_OBJECT_COUNTER): one for many rules, outlives the rules that use it. */
export interface NftCounter {
  readonly name: string
  readonly comment: string
  /** from a dump; not part of equality */
  readonly packets?: number
}

export interface NftHook {
  readonly type: 'filter' | 'nat' | 'route'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
  readonly policy: 'accept' | 'drop'
}

export interface NftChain {
  readonly name: string
  readonly hook: NftHook | null
  readonly comment: string
}

/** One part of a set's key or data as nft types it; userdata (typeof) is derived from these so that `nft list ruleset` prints and reloads. */
export type NftType = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service' | 'mark' | 'ifname' | 'octet' | 'slot'

export interface NftSet {
  readonly name: string
  /** concatenation; each part padded to 4 bytes. `slot` is `numgen inc mod 65536` (4 bytes, host order in the kernel's register), `octet` one byte of a header (`ip ttl`) */
  readonly key: readonly NftType[]
  readonly data: readonly NftType[] | 'verdict' | null
  readonly interval: boolean
  /** dynamic sets are filled by packets: timeout > 0 and size are then given */
  readonly dynamic: boolean
  readonly timeoutMs: number
  /** 0 = no limit */
  readonly size: number
  /** every element carries a counter */
  readonly counter: boolean
  readonly comment: string
}

/** Interval sets: `keyEnd` is the last value inside (the codec makes the kernel's half-open pairs of it). */
export interface NftElement {
  readonly key: Bytes
  readonly keyEnd?: Bytes
  readonly data?: Bytes
  readonly verdict?: NftVerdict
  /** new connections, from a dump or an echo of the deletion; not part of equality */
  readonly packets?: number
}

export type NftOperation =
  | {
      readonly op: 'add-table' | 'delete-table'
      readonly family: NftFamily
      readonly table: string
      readonly comment?: string
    }
  | {
      readonly op: 'add-chain' | 'delete-chain'
      readonly family: NftFamily
      readonly table: string
      readonly chain: NftChain
      /** add-chain: refused with EEXIST where it is there already */
      readonly exclusive?: boolean
    }
  /** all rules of a chain */
  | { readonly op: 'flush-chain'; readonly family: NftFamily; readonly table: string; readonly chain: string }
  /** appended, unless `first`; a chain is rewritten by flush-chain and add-rule in one transaction, so no handles are kept */
  | {
      readonly op: 'add-rule'
      readonly family: NftFamily
      readonly table: string
      readonly chain: string
      readonly rule: NftRule
      /** before all rules that are there */
      readonly first?: boolean
    }
  /** one rule of a chain of others, by the handle of a dump */
  | {
      readonly op: 'delete-rule'
      readonly family: NftFamily
      readonly table: string
      readonly chain: string
      readonly handle: number
    }
  | {
      readonly op: 'add-counter' | 'delete-counter'
      readonly family: NftFamily
      readonly table: string
      readonly counter: NftCounter
    }
  | { readonly op: 'add-set' | 'delete-set'; readonly family: NftFamily; readonly table: string; readonly set: NftSet }
  | {
      readonly op: 'add-elements' | 'delete-elements'
      readonly family: NftFamily
      readonly table: string
      readonly set: NftSet
      readonly elements: readonly NftElement[]
    }

export interface NftTransactionResult {
  /** elements of counted maps that were deleted, with their last packet count (NLM_F_ECHO) */
  readonly deleted: readonly {
    readonly family: NftFamily
    readonly table: string
    readonly set: string
    readonly element: NftElement
  }[]
  readonly sendMs: number
  readonly encodeMs: number
}

export interface NftRuleDump {
  readonly chain: string
  readonly rule: NftRule
}

/**
 * A connection to nf_tables of one network namespace. Real: raw netlink. Fake: in memory, with faults.
 * Every call throws KernelError {operation, errno, detail (extended ack), object}; a transaction that throws changed nothing.
 */
export interface Nftables extends AsyncDisposable {
  /** one nfnetlink batch; empty: no system call */
  transaction(operations: readonly NftOperation[], signal?: AbortSignal): Promise<NftTransactionResult>
  tableExists(family: NftFamily, table: string): Promise<boolean>
  chains(family: NftFamily, table: string): Promise<readonly NftChain[]>
  rules(family: NftFamily, table: string, chain?: string): Promise<readonly NftRuleDump[]>
  sets(family: NftFamily, table: string): Promise<readonly NftSet[]>
  elements(family: NftFamily, table: string, set: NftSet): Promise<readonly NftElement[]>
  counters(family: NftFamily, table: string): Promise<readonly NftCounter[]>
  /** NFT_MSG_GETGEN: grows with every transaction of anybody */
  generation(): Promise<number>
  /** somebody else's change to `table`, from NFNLGRP_NFTABLES; 'lost' after ENOBUFS. Our own transactions are not reported */
  watch(table: string, listener: (event: { readonly kind: 'changed' | 'lost'; readonly what: string }) => void): void
}
