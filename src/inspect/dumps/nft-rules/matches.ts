import { predecessor, successor } from '../../../kernel/nftables/elements.ts'
import { isZero, number, u32 } from '../../../rules/bytes.ts'
import { fraction } from '../../../rules/fraction.ts'
import type { Bytes, Expression, Statement } from '../../../rules/model.ts'
import { boundsOf, type Datatype, datatypes, valueOf } from './datatypes.ts'
import { isTyped, onesOf, typed, typedKey, zeroOf } from './expressions.ts'
import { printStatement } from './print.ts'
import type { Operator, StatementSyntax, Syntax } from './syntax.ts'
import type { RuleContext } from './context.ts'

type Match = Extract<StatementSyntax, { kind: 'match' }>

/** A relation of nft in the rule model. */
export const lowerMatch = (match: Match, context: RuleContext): readonly Statement[] => {
  const chance = oddsOf(match)
  if (chance !== undefined) return [chance]
  if (match.right.kind === 'set' || match.right.kind === 'reference') return lowerLookup(match, context)
  const left = typed(match.left, context.family)
  if (!isTyped(left)) {
    const text = printStatement(match)
    if (left.kind === 'state') return [stateful(text, match.op === '!=')]
    if (isRoute(match.left)) return [stateful(text, match.right.kind === 'word' && match.right.text === 'exists')]
    return [...left.needs, unknown(text)]
  }
  if (context.iptables && isStatus(match.left)) return [unknown(`${printStatement(match)} (${untold})`)]
  const compared = compare(left.expression, left.type, match, context.iptables)
  return [...left.needs, compared ?? unknown(printStatement(match))]
}

/** What nft 1.0 prints for `-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT` is `ct status dnat`. */
const untold = 'nft leaves states and negation out when it translates --ctstate; iptables-save has them'

const isStatus = (left: Syntax): boolean => left.kind === 'selector' && left.name === 'ct status'

/** Whether there is a route back: firewalld's and others' reverse path filter. */
const isRoute = (left: Syntax): boolean =>
  left.kind === 'selector' && left.name.startsWith('fib ') && /(?:oif|oifname|check)$/.test(left.name)

export const stateful = (text: string, assume: boolean): Statement =>
  assume
    ? { kind: 'state', text: `“${text}” matches`, assume: true }
    : { kind: 'state', text: `“${text}” does not match` }

export const unknown = (text: string): Statement => ({ kind: 'unknown', text })

/** `meta random & 0x7fffffff < N`: what `-m statistic` becomes. */
const oddsOf = ({ left, op, right }: Match): Statement | undefined => {
  const mask = left.kind === 'binary' && left.op === '&' ? valueOf(left.right, datatypes.integer) : u32(0xffffffff)
  const of = left.kind === 'binary' ? left.left : left
  if (of.kind !== 'selector' || of.name !== 'meta random' || mask === undefined) return undefined
  const bound = valueOf(right, datatypes.integer)
  const values = BigInt(number(mask)) + 1n
  if (bound === undefined || (values & (values - 1n)) !== 0n) return undefined
  const below = BigInt(number(bound))
  const count = { '<': below, '<=': below + 1n, '>=': values - below, '>': values - below - 1n }[op as '<']
  if (count === undefined) return undefined
  return { kind: 'chance', odds: fraction(count < 0n ? 0n : count > values ? values : count, values) }
}

const lowerLookup = (match: Match, context: RuleContext): readonly Statement[] => {
  const { left, op, right } = match
  const found = typedKey(left, context.family)
  if (!isTyped(found)) {
    const text = printStatement(match)
    return found.kind === 'state' ? [stateful(text, op === '!=')] : [...found.needs, unknown(text)]
  }
  if (right.kind === 'reference') context.uses(right.set, found.types)
  const name =
    right.kind === 'reference'
      ? right.set
      : context.anonymous({ key: found.types }, right.kind === 'set' ? right.elements : [])
  if (name === undefined) return [...found.needs, unknown(printStatement(match))]
  return [...found.needs, { kind: 'lookup', key: found.key, set: name, negated: op === '!=' || op === '!' }]
}

const compare = (
  expression: Expression,
  type: Datatype,
  { op, right }: Match,
  iptables: boolean,
): Statement | undefined => {
  const isMasked = expression.kind === 'bitwise'
  if (type.flags === true && !isMasked) {
    const flags = valueOf(right, type)
    const isList = right.kind === 'list'
    if (flags === undefined) return undefined
    if (op === '' || op === '!') return anyOf(expression, type, flags, op === '!')
    // iptables' translation means none of a list; a packet's state is one bit, so nothing ever equals a list
    if (op === '!=' && (iptables || isList)) return anyOf(expression, type, flags, true)
  }
  const bounds = boundsOf(right, type)
  if (bounds === undefined) return undefined
  const { low, high } = bounds
  if (op === '' || op === '==' || op === '!=' || op === '!') {
    const negated = op === '!=' || op === '!'
    if (low !== high) return { kind: 'range', left: expression, negated, low, high }
    if (isMasked && isZero(expression.xor))
      return { kind: 'match', left: expression.of, op: negated ? '!=' : '==', right: low, mask: expression.mask }
    return { kind: 'match', left: expression, op: negated ? '!=' : '==', right: low }
  }
  return low === high ? ordered(expression, type, op, low) : undefined
}

const anyOf = (left: Expression, type: Datatype, mask: Bytes, none: boolean): Statement => ({
  kind: 'match',
  left,
  op: none ? '==' : '!=',
  right: zeroOf(type),
  mask,
})

const ordered = (left: Expression, type: Datatype, op: Operator, value: Bytes): Statement => {
  const below = op === '<' || op === '<='
  const low = below ? zeroOf(type) : op === '>' ? successor(value) : value
  const high = below ? (op === '<' ? predecessor(value) : value) : onesOf(type)
  // nothing is less than the least value or more than the greatest
  if (low === null || (op === '<' && isZero(value)))
    return { kind: 'range', left, negated: true, low: zeroOf(type), high: onesOf(type) }
  return { kind: 'range', left, negated: false, low, high }
}
