import { number } from '../../../rules/bytes.ts'
import type { Bytes, Expression, Key, Statement, Table } from '../../../rules/model.ts'
import { type Datatype, datatypes, valueOf } from './datatypes.ts'
import { select } from './selectors.ts'
import type { Syntax } from './syntax.ts'

/** An expression in the rule model, the type of its values, and what nft checks first. */
export interface Typed {
  readonly expression: Expression
  readonly type: Datatype
  readonly needs: readonly Statement[]
}

export interface TypedKey {
  readonly key: Key
  readonly types: readonly Datatype[]
  readonly needs: readonly Statement[]
}

/** state: no ruleset tells what it is. unknown: not understood, with what is known to be needed first. */
export type Untyped = { readonly kind: 'state' } | { readonly kind: 'unknown'; readonly needs: readonly Statement[] }

export const isTyped = <T extends Typed | TypedKey>(found: T | Untyped): found is T => !('kind' in found)

const unknown: Untyped = { kind: 'unknown', needs: [] }

export const typed = (syntax: Syntax, family: Table['family']): Typed | Untyped => {
  switch (syntax.kind) {
    case 'selector': {
      const found = select(syntax.name, family)
      if (found.kind !== 'known') return found
      const { expression, type, needs } = found
      return { expression, type, needs }
    }
    case 'numgen':
    case 'symhash':
      return { expression: syntax, type: datatypes.integer, needs: [] }
    case 'jhash': {
      const { modulus, offset, seed } = syntax
      const of = typedKey(syntax.of, family)
      if (!isTyped(of)) return of
      // without the seed nobody can compute it, but it spreads just as evenly
      const expression: Expression =
        seed === undefined ? { kind: 'symhash', modulus, offset } : { kind: 'jhash', of: of.key, modulus, seed, offset }
      return { expression, type: datatypes.integer, needs: of.needs }
    }
    case 'binary':
      return masked(syntax, family)
    default:
      return unknown
  }
}

/** What a set or map is asked with: one expression or a concatenation. */
export const typedKey = (syntax: Syntax, family: Table['family']): TypedKey | Untyped => {
  const parts = syntax.kind === 'concatenation' ? syntax.parts : [syntax]
  const found: Typed[] = []
  for (const part of parts) {
    const one = typed(part, family)
    if (!isTyped(one)) return one
    found.push(one)
  }
  return {
    key: found.map(({ expression }) => expression),
    types: found.map(({ type }) => type),
    needs: found.flatMap(({ needs }) => needs),
  }
}

/** `meta mark & 0xff`, `… ^ 0x1`, `… | 0x1`: the right side is a constant. */
const masked = ({ op, left, right }: Extract<Syntax, { kind: 'binary' }>, family: Table['family']): Typed | Untyped => {
  const of = typed(left, family)
  if (!isTyped(of)) return of
  const constant = valueOf(right, of.type)
  if (constant === undefined || (op !== '&' && op !== '|' && op !== '^')) return { kind: 'unknown', needs: of.needs }
  const { mask, xor } = constants[op](constant)
  return { ...of, expression: { kind: 'bitwise', of: of.expression, mask, xor } }
}

const each = (bytes: Bytes, change: (byte: number) => number): Bytes =>
  Array.from(bytes, (char) => String.fromCharCode(change(char.charCodeAt(0)) & 0xff)).join('')

/** (x & mask) ^ xor */
const constants = {
  '&': (value: Bytes) => ({ mask: value, xor: each(value, () => 0) }),
  '|': (value: Bytes) => ({ mask: each(value, (byte) => ~byte), xor: value }),
  '^': (value: Bytes) => ({ mask: each(value, () => 0xff), xor: value }),
} as const

/** A mark that is computed of a mark: (of & and) ^ xor; `of` null: a constant. */
export interface MarkValue {
  readonly of: 'meta mark' | 'ct mark' | null
  readonly and: number
  readonly xor: number
}

export const markValue = (syntax: Syntax): MarkValue | undefined => {
  switch (syntax.kind) {
    case 'word': {
      const value = datatypes.mark.parse(syntax.text)
      return value === undefined ? undefined : { of: null, and: 0, xor: number(value) }
    }
    case 'selector': {
      const name = syntax.name === 'mark' ? 'meta mark' : syntax.name
      return name === 'meta mark' || name === 'ct mark' ? { of: name, and: 0xffffffff, xor: 0 } : undefined
    }
    case 'binary': {
      const left = markValue(syntax.left)
      const right = markValue(syntax.right)
      if (left === undefined || right === undefined || right.of !== null) return undefined
      return combined(syntax.op, left, right.xor)
    }
    default:
      return undefined
  }
}

const combined = (op: string, { of, and, xor }: MarkValue, value: number): MarkValue | undefined => {
  if (op === '&') return { of, and: (and & value) >>> 0, xor: (xor & value) >>> 0 }
  if (op === '^') return { of, and, xor: (xor ^ value) >>> 0 }
  return op === '|' ? { of, and: (and & ~value) >>> 0, xor: ((xor & ~value) ^ value) >>> 0 } : undefined
}

export const zeroOf = (type: Datatype): Bytes => '\0'.repeat(type.length)
export const onesOf = (type: Datatype): Bytes => '\xff'.repeat(type.length)
