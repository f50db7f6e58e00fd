import { predecessor, successor } from '../../../kernel/nftables/elements.ts'
import { isZero, number, reversed } from '../../../rules/bytes.ts'
import { fraction } from '../../../rules/fraction.ts'
import type { Bytes, Expression, Statement } from '../../../rules/model.ts'
import { type Known, piecesOf } from './headers.ts'
import type { Loaded, Value } from './registers.ts'

export type CompareOp = 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte'

/** Names of interfaces by index. */
export type Links = ReadonlyMap<number, string>

export interface Comparing {
  readonly known: Known
  readonly links: Links
}

/** What a register held against a constant says; unknown by its text where that is not understood. */
export const compare = (loaded: Loaded, op: CompareOp, data: Bytes, around: Comparing): readonly Statement[] =>
  compared(loaded, op, data, around) ?? [{ kind: 'unknown', text: `${textOf(loaded)} ${op} ${hex(data)}` }]

const compared = (loaded: Loaded, op: CompareOp, data: Bytes, around: Comparing): readonly Statement[] | undefined => {
  switch (loaded.kind) {
    case 'header': {
      const pieces = piecesOf(loaded, around.known)
      if (pieces === undefined || (pieces.length > 1 && op !== 'eq')) return undefined
      let at = 0
      return pieces.map(({ value, whole }) => {
        const part = data.slice(at, (at += value.width))
        return value.width === whole ? relation(value, op, part) : beginning(value.expression, op, part, whole)
      })
    }
    case 'value': {
      const { value } = loaded
      const right = modelBytes(value, wholeName(value, data), around.links)
      if (right === undefined) return undefined
      const whole = value.order === 'index' ? 16 : value.width
      return [right.length < whole ? beginning(value.expression, op, right, whole) : relation(value, op, right)]
    }
    case 'masked':
      return maskedRelation(loaded, op, data, around)
    case 'random':
      return chance(op, data, 0xffffffff)
    case 'state':
      return [{ kind: 'state', text: `“${loaded.text}” does not match` }]
    case 'constant':
    case 'mapped':
    case 'opaque':
      return undefined
  }
}

/** iptables compares a name with its NUL: all of it, where `veth+` is its beginning. */
const wholeName = ({ width }: Value, data: Bytes): Bytes =>
  width === 16 && data.length < 16 && data.endsWith('\0') ? data.padEnd(16, '\0') : data

/** As the model has the bytes of a value; undefined: an interface that is not there. */
export const modelBytes = ({ order }: Value, data: Bytes, links: Links): Bytes | undefined => {
  if (order === 'network') return data
  if (order === 'host') return reversed(data)
  return links.get(number(reversed(data)))?.padEnd(16, '\0')
}

const relation = ({ expression: left }: Value, op: CompareOp, right: Bytes): Statement => {
  // the first byte of an address: a prefix of 8 bits
  if (left.kind === 'octet' && left.at === 0)
    return beginning({ kind: 'field', field: left.of }, op, right, left.of.startsWith('ip6') ? 16 : 4)
  if (op === 'eq' || op === 'neq') return { kind: 'match', left, op: op === 'eq' ? '==' : '!=', right }
  const [least, most] = ['\0'.repeat(right.length), '\xff'.repeat(right.length)]
  const none: Statement = { kind: 'range', left, negated: true, low: least, high: most }
  if (op === 'lt')
    return isZero(right) ? none : { kind: 'range', left, negated: false, low: least, high: predecessor(right) }
  if (op === 'lte') return { kind: 'range', left, negated: false, low: least, high: right }
  const low = op === 'gt' ? successor(right) : right
  return low === null ? none : { kind: 'range', left, negated: false, low, high: most }
}

/** The first bytes of a field: how nft writes `10.0.0.0/8` and `veth*`. */
const beginning = (left: Expression, op: CompareOp, data: Bytes, whole: number): Statement => {
  const [mask, right] = ['\xff'.repeat(data.length).padEnd(whole, '\0'), data.padEnd(whole, '\0')]
  if (op === 'eq' || op === 'neq') return { kind: 'match', left, op: op === 'eq' ? '==' : '!=', right, mask }
  return { kind: 'unknown', text: `the first ${data.length} bytes of a field ${op} ${hex(data)}` }
}

const maskedRelation = (
  { of, mask, xor }: Extract<Loaded, { kind: 'masked' }>,
  op: CompareOp,
  data: Bytes,
  around: Comparing,
): readonly Statement[] | undefined => {
  if (of.kind === 'state') return compared(of, op, data, around)
  if (of.kind === 'random') return isZero(xor) ? chance(op, data, number(reversed(mask))) : undefined
  const value = valueOf(of, around.known)
  if (value === undefined || (op !== 'eq' && op !== 'neq')) return undefined
  const turned = (bytes: Bytes): Bytes => {
    const bits = value.order === 'host' ? reversed(bytes) : bytes
    return bits.padEnd(value.whole, '\0')
  }
  if (value.order === 'index') return undefined
  const right = turned(exclusive(data, xor))
  return [{ kind: 'match', left: value.expression, op: op === 'eq' ? '==' : '!=', right, mask: turned(mask) }]
}

/** The one value that a register holds; `whole` bytes in the model. */
export const valueOf = (loaded: Loaded, known: Known): (Value & { readonly whole: number }) | undefined => {
  if (loaded.kind === 'value') return { ...loaded.value, whole: loaded.value.width }
  if (loaded.kind !== 'header') return undefined
  const pieces = piecesOf(loaded, known)
  const [only] = pieces ?? []
  return only === undefined || pieces?.length !== 1 ? undefined : { ...only.value, whole: only.whole }
}

const exclusive = (a: Bytes, b: Bytes): Bytes =>
  Array.from(a, (char, index) => String.fromCharCode(char.charCodeAt(0) ^ (b.charCodeAt(index) || 0))).join('')

/** `meta random < N`; the number is in network order there. */
const chance = (op: CompareOp, data: Bytes, mask: number): readonly Statement[] | undefined => {
  const values = BigInt(mask) + 1n
  if ((values & (values - 1n)) !== 0n || op === 'eq' || op === 'neq') return undefined
  const bound = BigInt(number(data))
  const below = op === 'lt' || op === 'gte' ? bound : bound + 1n
  const less = below > values ? values : below
  return [{ kind: 'chance', odds: fraction(op === 'lt' || op === 'lte' ? less : values - less, values) }]
}

export const textOf = (loaded: Loaded): string => {
  switch (loaded.kind) {
    case 'state':
    case 'opaque':
      return loaded.text
    case 'header':
      return `@${loaded.base === 'network' ? 'nh' : 'th'},${loaded.offset * 8},${loaded.length * 8}`
    case 'masked':
      return `${textOf(loaded.of)} & ${hex(loaded.mask)}`
    default:
      return loaded.kind
  }
}

export const hex = (bytes: Bytes): string => `0x${Buffer.from(bytes, 'latin1').toString('hex')}`
