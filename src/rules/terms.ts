import { u32 } from './bytes.ts'
import type { Bytes, Expression, Field, Jump, Key, Statement } from './model.ts'

/** Short words to write rules with. */

export const field = (name: Field): Expression => ({ kind: 'field', field: name })

export const equals = (name: Field, right: Bytes): Statement => ({ kind: 'match', left: field(name), op: '==', right })

/** `ct state new`, `meta mark & 0x4000 != 0`: any of the bits is set */
export const anyBit = (name: Field, bits: number): Statement => ({
  kind: 'match',
  left: field(name),
  op: '!=',
  right: u32(0),
  mask: u32(bits),
})

export const inSet = (key: Key, set: string): Statement => ({ kind: 'lookup', key, set, negated: false })
export const notInSet = (key: Key, set: string): Statement => ({ kind: 'lookup', key, set, negated: true })
export const vmap = (key: Key, map: string): Statement => ({ kind: 'vmap', key, map })
export const jump = (to: Jump): Statement => ({ kind: 'jump', jump: to })
export const goto = (chain: string): Statement => jump({ verdict: 'goto', chain })
export const counted = (name: string): Statement => ({ kind: 'counter', name })

/** `meta mark set meta mark | bits` */
export const markOr = (bits: number): Statement => ({ kind: 'mark', and: ~bits >>> 0, xor: bits >>> 0 })
/** `meta mark set meta mark ^ bits` */
export const markXor = (bits: number): Statement => ({ kind: 'mark', and: 0xffffffff, xor: bits >>> 0 })

export const drop: Jump = { verdict: 'drop' }
export const accept: Jump = { verdict: 'accept' }
