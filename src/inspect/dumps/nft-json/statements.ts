import { printSyntax } from '../nft-rules/print.ts'
import type { NatSyntax, Operator, StatementSyntax } from '../nft-rules/syntax.ts'
import { readExpression, readVerdict } from './expressions.ts'
import { asNames, asNumber, asObject, asString, type JsonObject, only } from './values.ts'

/** A statement of libnftables-json(5); what is not understood is in it as JSON. */
export const readStatement = (json: unknown): StatementSyntax => {
  const pair = only(json)
  const known = pair === undefined ? undefined : (readVerdict(json) ?? readNamed(pair[0], pair[1]))
  if (known !== undefined) return known
  const role = pair !== undefined && targets.has(pair[0]) ? 'target' : 'match'
  return { kind: 'unknown', text: shortJson(json), role }
}

const targets = new Set([
  'dnat',
  'snat',
  'queue',
  'tproxy',
  'synproxy',
  'fwd',
  'dup',
  'mangle',
  'reject',
  'jump',
  'goto',
])

const readNamed = (name: string, value: unknown): StatementSyntax | undefined => {
  const object = asObject(value)
  switch (name) {
    case 'match':
      return readMatch(object)
    case 'vmap': {
      const [key, data] = [readExpression(object?.['key']), readExpression(object?.['data'])]
      return key === undefined || data === undefined ? undefined : { kind: 'vmap', key, data }
    }
    case 'mangle': {
      const [to, assigned] = [readExpression(object?.['key']), readExpression(object?.['value'])]
      if (to?.kind !== 'selector' || assigned === undefined) return undefined
      return { kind: 'assignment', to: to.name, value: assigned, text: `${to.name} set ${printSyntax(assigned)}` }
    }
    case 'dnat':
    case 'snat':
    case 'redirect':
    case 'masquerade':
      return readNat(name, value, object)
    case 'reject': {
      const [type, code] = [asString(object?.['type']), object?.['expr']]
      if (type === undefined) return { kind: 'reject', with: '' }
      return { kind: 'reject', with: typeof code === 'string' || typeof code === 'number' ? `${type} ${code}` : type }
    }
    case 'counter':
      return readCounter(value, object)
    case 'set':
    case 'meter':
      return readUpdate(name, object)
    case 'limit':
    case 'quota':
    case 'ct count':
      return readBounded(name, value, object)
    case 'notrack':
      return { kind: 'notrack' }
    case 'xt':
      return readExtension(object)
    case 'log':
    case 'flow':
    case 'last':
    case 'ct helper':
    case 'ct timeout':
    case 'ct expectation':
    case 'secmark':
    case 'reset':
      return { kind: 'side-effect', text: shortJson({ [name]: value }) }
    default:
      return undefined
  }
}

const operators: ReadonlyMap<unknown, Operator> = new Map<unknown, Operator>([
  ['==', '=='],
  ['!=', '!='],
  ['<', '<'],
  ['>', '>'],
  ['<=', '<='],
  ['>=', '>='],
  ['!', '!'],
  ['in', ''],
])

const readMatch = (object: JsonObject | undefined): StatementSyntax | undefined => {
  const [left, right] = [readExpression(object?.['left']), readExpression(object?.['right'])]
  const op = operators.get(object?.['op'])
  if (left === undefined || right === undefined || op === undefined) return undefined
  // before nft 0.9.1 flags had no `in`
  return { kind: 'match', left, op: op === '==' && right.kind === 'list' ? '' : op, right }
}

const readNat = (
  type: NatSyntax['type'],
  value: unknown,
  object: JsonObject | undefined,
): StatementSyntax | undefined => {
  const family = object?.['family']
  const text = shortJson({ [type]: value })
  if (asNames(object?.['type_flags']).includes('prefix')) return { kind: 'unknown', text, role: 'target' }
  const whole = object?.['addr'] === undefined ? null : readExpression(object['addr'])
  const port = object?.['port'] === undefined ? null : readExpression(object['port'])
  if (whole === undefined || port === undefined) return undefined
  // `dnat ip addr . port to 10.0.0.1 . 80`
  const [address, second] = whole?.kind === 'concatenation' ? whole.parts : [whole ?? undefined]
  const to = port ?? second
  const flags = asNames(object?.['flags'])
  const target = [address, port].filter((part) => part !== undefined && part !== null).map((part) => printSyntax(part))
  const words = [type, ...(family === 'ip' || family === 'ip6' ? [family] : [])]
  const printed = [...words, ...(target.length > 0 ? ['to', target.join(':')] : []), flags.join(',')].join(' ').trim()
  return {
    kind: 'nat',
    type,
    ...(family === 'ip' || family === 'ip6' ? { family } : {}),
    ...(address === undefined ? {} : { address }),
    ...(to === undefined ? {} : { port: to }),
    flags,
    text: printed,
  }
}

const readCounter = (value: unknown, object: JsonObject | undefined): StatementSyntax => {
  if (typeof value === 'string') return { kind: 'counter', name: value }
  const packets = asNumber(object?.['packets'])
  if (packets === undefined) return { kind: 'counter' }
  return { kind: 'counter', counters: { packets, bytes: asNumber(object?.['bytes']) ?? 0 } }
}

const readUpdate = (name: string, object: JsonObject | undefined): StatementSyntax | undefined => {
  const [key, set] = [
    readExpression(object?.[name === 'set' ? 'elem' : 'key']),
    asString(object?.[name === 'set' ? 'set' : 'name']),
  ]
  if (key === undefined || set === undefined) return undefined
  const bare = set.startsWith('@') ? set.slice(1) : set
  const op = asString(object?.['op']) ?? 'update'
  const text = `${op} @${bare} { ${printSyntax(key)} }`
  return op === 'delete' ? { kind: 'side-effect', text } : { kind: 'update', set: bare, key, text }
}

/** A limit, quota or number of connections: a name, or its bound and on which side of it (`inv`: beyond) it matches. */
const readBounded = (name: string, value: unknown, object: JsonObject | undefined): StatementSyntax => {
  if (typeof value === 'string') return { kind: 'state', text: `${name} name "${value}"`, assume: true }
  const over = object?.['inv'] === true
  const amount = asNumber(object?.['rate']) ?? asNumber(object?.['val']) ?? ''
  const unit = asString(object?.['per']) ?? asString(object?.['val_unit'])
  const words = [name, ...(over ? ['over'] : []), `${amount}${unit === undefined ? '' : `/${unit}`}`]
  return { kind: 'state', text: words.join(' '), assume: !over }
}

/** Some versions leave all of it out: `{"xt": null}`. */
const readExtension = (object: JsonObject | undefined): StatementSyntax => {
  const [type, name] = [object?.['type'], asString(object?.['name'])]
  if (name === undefined || (type !== 'match' && type !== 'target'))
    return { kind: 'unknown', text: 'an iptables extension that nft does not show, iptables-save does', role: 'match' }
  return { kind: 'extension', type, name, text: `xt ${type} "${name}"` }
}

const LONGEST = 200

const shortJson = (json: unknown): string => {
  const text = JSON.stringify(json) ?? 'nothing'
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
