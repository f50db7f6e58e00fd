import type { ElementSyntax, Syntax, Verdict } from '../nft-rules/syntax.ts'
import { selector, word } from '../nft-rules/syntax.ts'
import { asArray, asNames, asNumber, asObject, asString, only } from './values.ts'

/** Deeper nesting only somebody who means harm writes. */
const DEEPEST = 32

/** An expression of libnftables-json(5); undefined: not understood. */
export const readExpression = (json: unknown, depth = 0): Syntax | undefined => {
  if (typeof json === 'string') return json.startsWith('@') ? { kind: 'reference', set: json.slice(1) } : word(json)
  if (typeof json === 'number') return word(String(json))
  // the answer of a lookup of a route
  if (typeof json === 'boolean') return word(json ? 'exists' : 'missing')
  if (depth > DEEPEST) return undefined
  const flags = asArray(json)
  if (flags !== undefined) return readParts(flags, 'list', depth)
  const pair = only(json)
  if (pair === undefined) return undefined
  const [name, value] = pair
  return readNamed(name, value, depth + 1)
}

const readNamed = (name: string, value: unknown, depth: number): Syntax | undefined => {
  switch (name) {
    case 'concat':
      return readParts(asArray(value) ?? [], 'concatenation', depth)
    case 'set': {
      const elements = readElements(value, depth)
      return elements === undefined ? undefined : { kind: 'set', elements }
    }
    case 'elem':
      return readExpression(asObject(value)?.['val'], depth)
    case 'prefix': {
      const of = readExpression(asObject(value)?.['addr'], depth)
      const length = asNumber(asObject(value)?.['len'])
      return of === undefined || length === undefined ? undefined : { kind: 'prefix', of, length }
    }
    case 'range': {
      const [first, last] = asArray(value) ?? []
      const [low, high] = [readExpression(first, depth), readExpression(last, depth)]
      return low === undefined || high === undefined ? undefined : { kind: 'range', low, high }
    }
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return readBinary(name, asArray(value) ?? [], depth)
    case 'map': {
      const key = readExpression(asObject(value)?.['key'], depth)
      const data = readExpression(asObject(value)?.['data'], depth)
      return key === undefined || data === undefined ? undefined : { kind: 'map', key, data }
    }
    case 'numgen':
    case 'jhash':
    case 'symhash':
      return readGenerator(name, value, depth)
    default:
      return readSelector(name, value)
  }
}

const readParts = (parts: readonly unknown[], kind: 'list' | 'concatenation', depth: number): Syntax | undefined => {
  const found: Syntax[] = []
  for (const part of parts) {
    const one = readExpression(part, depth)
    if (one === undefined) return undefined
    found.push(one)
  }
  return found.length === 0 ? undefined : { kind, parts: found }
}

/** Two operands, of newer nft also more. */
const readBinary = (
  op: '&' | '|' | '^' | '<<' | '>>',
  operands: readonly unknown[],
  depth: number,
): Syntax | undefined => {
  let left: Syntax | undefined
  for (const [index, operand] of operands.entries()) {
    const right = readExpression(operand, depth)
    if (right === undefined) return undefined
    left = index === 0 || left === undefined ? right : { kind: 'binary', op, left, right }
  }
  return operands.length < 2 ? undefined : left
}

const readGenerator = (name: 'numgen' | 'jhash' | 'symhash', value: unknown, depth: number): Syntax | undefined => {
  const object = asObject(value)
  const modulus = asNumber(object?.['mod'])
  const offset = asNumber(object?.['offset']) ?? 0
  if (modulus === undefined || modulus < 1) return undefined
  if (name === 'symhash') return { kind: 'symhash', modulus, offset }
  if (name === 'jhash') {
    const of = readExpression(object?.['expr'], depth)
    return of === undefined ? undefined : { kind: 'jhash', of, modulus, seed: asNumber(object?.['seed']), offset }
  }
  const mode = object?.['mode']
  return mode === 'inc' || mode === 'random' ? { kind: 'numgen', mode, modulus, offset } : undefined
}

/** In the words that a listing as text has for it. */
const readSelector = (name: string, value: unknown): Syntax | undefined => {
  const object = asObject(value)
  if (object === undefined) return undefined
  const words = (...keys: readonly string[]): readonly string[] => keys.flatMap((key) => scalar(object[key]))
  switch (name) {
    case 'payload':
      if (object['base'] !== undefined) return selector(`@${words('base', 'offset', 'len').join(',')}`)
      return selector(words('protocol', 'field').join(' '))
    case 'meta':
      return selector(['meta', ...words('key')].join(' '))
    case 'ct':
      return selector(['ct', ...words('dir', 'family', 'key')].join(' '))
    case 'fib':
      return selector(['fib', asNames(object['flags']).join(' . '), ...words('result')].join(' '))
    default:
      return selector([name, ...Object.values(object).flatMap(scalar)].join(' '))
  }
}

const scalar = (value: unknown): readonly string[] =>
  typeof value === 'string' || typeof value === 'number' ? [String(value)] : []

/** Of a set: keys; of a map: pairs of key and value. */
export const readElements = (json: unknown, depth = 0): readonly ElementSyntax[] | undefined => {
  const elements: ElementSyntax[] = []
  for (const item of asArray(json) ?? []) {
    const element = readElement(item, depth)
    if (element === undefined) return undefined
    elements.push(element)
  }
  return elements
}

const readElement = (json: unknown, depth: number): ElementSyntax | undefined => {
  const pair = asArray(json)
  if (pair === undefined) {
    const key = readExpression(json, depth)
    return key === undefined ? undefined : { key }
  }
  const key = readExpression(pair[0], depth)
  const value = readVerdict(pair[1]) ?? readExpression(pair[1], depth)
  if (key === undefined || value === undefined) return undefined
  const packets = asNumber(asObject(asObject(asObject(pair[0])?.['elem'])?.['counter'])?.['packets'])
  return { key, value, ...(packets === undefined ? {} : { packets }) }
}

/** `{"accept": null}`, `{"jump": {"target": "CHAIN"}}`; undefined: something else. */
export const readVerdict = (json: unknown): Verdict | undefined => {
  const [verdict, value] = only(json) ?? []
  switch (verdict) {
    case 'continue':
      return { kind: 'verdict', jump: 'continue' }
    case 'accept':
    case 'drop':
    case 'return':
      return { kind: 'verdict', jump: { verdict } }
    case 'jump':
    case 'goto': {
      const chain = asString(asObject(value)?.['target'])
      return chain === undefined ? undefined : { kind: 'verdict', jump: { verdict, chain } }
    }
    default:
      return undefined
  }
}
