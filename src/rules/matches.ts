import { equalsMasked, masked } from './bytes.ts'
import type { Flow, Place, Probe } from './flow.ts'
import { isAll, isNone, type Mass, massOf, rest, total } from './mass.ts'
import type { Bytes, Expression, Field, RuleSet, Statement } from './model.ts'
import { printValue } from './print-values.ts'
import { fieldBytes, keyValues, oddsWithin, type Value, valuesOf } from './values.ts'

/** What a match needs to know besides the flow. */
export interface Sight {
  readonly probe: Probe
  readonly around: Place
  readonly set: (name: string) => RuleSet | undefined
}

export type Match = Extract<Statement, { kind: 'match' | 'range' | 'lookup' | 'chance' | 'state' }>

/** Does a match hold? */
export type Answer =
  | { readonly kind: 'certain'; readonly holds: boolean }
  | { readonly kind: 'chance'; readonly odds: Mass; readonly assumed?: string }
  /** a state of the kernel that nobody can know from rules: taken to hold or not on this condition */
  | { readonly kind: 'condition'; readonly holds: boolean; readonly text: string }
  /** the packet as asked does not say: taken to have a value that no rule names; `fact`: what it would need to be otherwise */
  | { readonly kind: 'unsaid'; readonly holds: boolean; readonly text: string; readonly fact?: Fact }
  /** the dump does not say */
  | { readonly kind: 'missing'; readonly text: string }

/** A value of a field, or (`begins`) its first bytes. */
export interface Fact {
  readonly field: Field
  readonly bytes: Bytes
  readonly begins: boolean
}

const yes: Answer = { kind: 'certain', holds: true }
const no: Answer = { kind: 'certain', holds: false }

export const isMatch = (statement: Statement): statement is Match =>
  statement.kind === 'match' ||
  statement.kind === 'range' ||
  statement.kind === 'lookup' ||
  statement.kind === 'chance' ||
  statement.kind === 'state'

/** Statements that let every packet pass unchanged. */
export const isAside = ({ kind }: Statement): boolean =>
  kind === 'counter' || kind === 'side-effect' || kind === 'update'

/**
 * The first match among a rule's leading ones that certainly does not hold for the flow; null where there is none. It looks past what
 * is not known: a rule for another address is not met, whatever else it asks.
 */
export const refusal = (statements: readonly Statement[], flow: Flow, sight: Sight): Statement | null => {
  for (const statement of statements) {
    switch (statement.kind) {
      case 'match':
        if (fails(statement, flow, sight)) return statement
        break
      case 'range':
      case 'lookup': {
        const answer = answerOf(statement, flow, sight)
        if (answer.kind === 'certain' && !answer.holds) return statement
        break
      }
      case 'chance':
        if (statement.odds.numerator === 0n) return statement
        break
      case 'state':
      case 'unknown':
      case 'counter':
      case 'side-effect':
      case 'update':
        break
      default:
        return null
    }
  }
  return null
}

/** The quick way for what nearly all rules are: one field, one value. */
const fails = (match: Extract<Statement, { kind: 'match' }>, flow: Flow, sight: Sight): boolean => {
  const { left, right, mask, op } = match
  if (left.kind !== 'field') {
    const answer = answerOf(match, flow, sight)
    return answer.kind === 'certain' && !answer.holds
  }
  const bytes = fieldBytes(left.field, flow, sight.probe, sight.around)
  if (bytes === 'foreign') return true
  if (bytes === 'unknown') {
    const answer = answerUnsaid(match, sight.around)
    return answer.kind === 'certain' && !answer.holds
  }
  const equal = mask === undefined ? bytes === right : equalsMasked(bytes, mask, right)
  return equal !== (op === '==')
}

export const answerOf = (match: Match, flow: Flow, sight: Sight): Answer => {
  switch (match.kind) {
    case 'match':
      return answerMatch(match, flow, sight)
    case 'range': {
      const { left, low, high, negated } = match
      const odds = oddsWithin(left, low, high, flow, sight.probe, sight.around)
      return odds === 'unknown' ? unsaid(match.left, negated) : odds === 'foreign' ? no : chance(odds, negated)
    }
    case 'lookup':
      return answerLookup(match, flow, sight)
    case 'chance':
      return chance(massOf(match.odds), false)
    case 'state':
      return { kind: 'condition', holds: match.assume ?? false, text: match.text }
  }
}

const answerMatch = (match: Extract<Match, { kind: 'match' }>, flow: Flow, { probe, around }: Sight): Answer => {
  const { left, op, right, mask } = match
  const negated = op === '!='
  if (left.kind === 'numgen' && mask === undefined) {
    const odds = oddsWithin(left, right, right, flow, probe, around)
    return typeof odds === 'string' ? no : chance(odds, negated)
  }
  const values = valuesOf(left, flow, probe, around)
  if (values.kind === 'foreign') return no
  if (values.kind === 'unknown') return answerUnsaid(match, around)
  const hit = ({ bytes }: Value): boolean => (mask === undefined ? bytes : masked(bytes, mask)) === right
  return chance(total(values.values.filter(hit).map(({ odds }) => odds)), negated, values.assumed)
}

const answerLookup = (
  match: Extract<Match, { kind: 'lookup' }>,
  flow: Flow,
  { probe, around, set: find }: Sight,
): Answer => {
  const { key, set: name, negated } = match
  const set = find(name)
  if (set === undefined) return { kind: 'missing', text: `set ${name} is not known` }
  if (set.dynamic) return { kind: 'condition', holds: negated, text: `client not in set ${name}` }
  const values = keyValues(key, flow, probe, around)
  if (values.kind === 'foreign') return no
  if (values.kind === 'unknown')
    return { kind: 'unsaid', holds: negated, text: `what set ${name} is asked for is not known` }
  const hits = values.values.filter(({ bytes }) => set.get(bytes) !== undefined)
  return chance(total(hits.map(({ odds }) => odds)), negated, values.assumed)
}

const chance = (odds: Mass, negated: boolean, assumed?: string): Answer => {
  if (isNone(odds)) return negated ? yes : no
  if (isAll(odds)) return negated ? no : yes
  const share = negated ? rest(odds) : odds
  return assumed === undefined ? { kind: 'chance', odds: share } : { kind: 'chance', odds: share, assumed }
}

/** A field that the packet as asked does not have. Of an interface's name the beginning may be known. */
const answerUnsaid = ({ left, op, right, mask }: Extract<Match, { kind: 'match' }>, around: Place): Answer => {
  const negated = op === '!='
  if (left.kind !== 'field') return unsaid(left, negated)
  const asked = mask === undefined ? right : wholeBytes(right, mask)
  if (asked === null) return unsaid(left, negated)
  if (mask === undefined && around.not?.[left.field]?.includes(right)) return negated ? yes : no
  const known = around.begins?.[left.field]
  if (known !== undefined) {
    const shorter = Math.min(known.length, asked.length)
    if (known.slice(0, shorter) !== asked.slice(0, shorter)) return negated ? yes : no
    if (asked.length === shorter) return negated ? no : yes
  }
  const fact = { field: left.field, bytes: asked, begins: mask !== undefined }
  const text = `${left.field} is not known (asked: ${printValue(left, asked)}${fact.begins ? ', beginning' : ''})`
  return { kind: 'unsaid', holds: negated, text, fact }
}

/** The bytes that a mask of whole leading bytes keeps; null for any other mask. */
const wholeBytes = (bytes: Bytes, mask: Bytes): Bytes | null => {
  const kept = mask.lastIndexOf('\xff') + 1
  return kept > 0 && /^\xff+\0*$/.test(mask) ? bytes.slice(0, kept) : null
}

const unsaid = (left: Expression, negated: boolean): Answer => ({
  kind: 'unsaid',
  holds: negated,
  text: left.kind === 'field' ? `${left.field} is not known` : 'a field of the packet is not known',
})
