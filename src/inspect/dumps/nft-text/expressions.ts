import type { ElementSyntax, Syntax, Verdict } from '../nft-rules/syntax.ts'
import { word } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'
import { isSelector, readSelector } from './selectors.ts'
import { readVerdict } from './verdicts.ts'

const operators: ReadonlyMap<string, '&' | '|' | '^' | '<<' | '>>'> = new Map([
  ['&', '&'],
  ['and', '&'],
  ['|', '|'],
  ['or', '|'],
  ['^', '^'],
  ['xor', '^'],
  ['<<', '<<'],
  ['lshift', '<<'],
  ['>>', '>>'],
  ['rshift', '>>'],
])

/** No operator is longer; a look at a map costs the hash of a name. */
const LONGEST_OPERATOR = 6

/** Deeper parentheses only somebody who means harm writes. */
const DEEPEST = 32

/** packet: words may be selectors (`tcp dport`); value: they are constants (`tcp`) */
type Side = 'packet' | 'value'

/** Selectors, generators, constants; concatenated, masked, mapped. undefined: none begins here. */
export const readExpression = (lexer: Lexer, side: Side = 'packet', depth = 0): Syntax | undefined => {
  const first = readMasked(lexer, side, depth)
  if (first === undefined) return undefined
  const parts = [first]
  while (lexer.is('.')) {
    lexer.advance()
    const part = readMasked(lexer, side, depth)
    if (part === undefined) return undefined
    parts.push(part)
  }
  const key: Syntax = parts.length === 1 ? first : { kind: 'concatenation', parts }
  if (!lexer.take('map')) return key
  const data = readSetOrReference(lexer)
  return data === undefined ? undefined : { kind: 'map', key, data }
}

const readMasked = (lexer: Lexer, side: Side, depth: number): Syntax | undefined => {
  let left = readPrimary(lexer, side, depth)
  while (left !== undefined && (lexer.kind === 'word' || lexer.kind === 'punctuation')) {
    const op = lexer.text.length > LONGEST_OPERATOR ? undefined : operators.get(lexer.text)
    if (op === undefined) break
    lexer.advance()
    const right = readPrimary(lexer, side, depth)
    if (right === undefined) return undefined
    left = { kind: 'binary', op, left, right }
  }
  return left
}

const readPrimary = (lexer: Lexer, side: Side, depth: number): Syntax | undefined => {
  if (lexer.is('(')) {
    if (depth >= DEEPEST) return undefined
    lexer.advance()
    const inside = readExpression(lexer, side, depth + 1)
    return lexer.take(')') ? inside : undefined
  }
  if (lexer.kind === 'string') return readConstant(lexer)
  if (lexer.kind !== 'word') return undefined
  if (side === 'value') return lexer.text.startsWith('@') ? readSetOrReference(lexer) : readConstant(lexer)
  switch (lexer.text) {
    case 'numgen':
      return readNumgen(lexer)
    case 'jhash':
      return readJhash(lexer, depth)
    case 'symhash':
      return readSymhash(lexer)
  }
  if (isSelector(lexer.text)) return readSelector(lexer)
  if (lexer.text.startsWith('@')) return readSetOrReference(lexer)
  return readConstant(lexer)
}

const readConstant = (lexer: Lexer): Syntax => {
  const value = word(lexer.text)
  lexer.advance()
  return value
}

const readNumgen = (lexer: Lexer): Syntax | undefined => {
  lexer.advance()
  const mode = lexer.text
  if (mode !== 'inc' && mode !== 'random') return undefined
  lexer.advance()
  const bounds = readModulus(lexer)
  return bounds === undefined ? undefined : { kind: 'numgen', mode, modulus: bounds.modulus, offset: bounds.offset }
}

const readSymhash = (lexer: Lexer): Syntax | undefined => {
  lexer.advance()
  const bounds = readModulus(lexer)
  return bounds === undefined ? undefined : { kind: 'symhash', modulus: bounds.modulus, offset: bounds.offset }
}

const readJhash = (lexer: Lexer, depth: number): Syntax | undefined => {
  lexer.advance()
  const of = depth >= DEEPEST ? undefined : readExpression(lexer, 'packet', depth + 1)
  const bounds = readModulus(lexer)
  return of === undefined || bounds === undefined ? undefined : { kind: 'jhash', of, ...bounds }
}

/** `mod 4 seed 0xdeadbeef offset 10` */
const readModulus = (lexer: Lexer): { modulus: number; seed: number | undefined; offset: number } | undefined => {
  if (!lexer.take('mod')) return undefined
  const modulus = readNumber(lexer)
  const seed = lexer.take('seed') ? readNumber(lexer) : undefined
  const offset = lexer.take('offset') ? readNumber(lexer) : 0
  return modulus === undefined || modulus === 0 || offset === undefined ? undefined : { modulus, seed, offset }
}

/** Up to 32 bits. */
export const readNumber = (lexer: Lexer): number | undefined => {
  if (lexer.kind !== 'word' || !/^(?:0x[\da-f]+|\d+)$/i.test(lexer.text)) return undefined
  const value = Number(lexer.text)
  lexer.advance()
  return value <= 0xffffffff ? value : undefined
}

/** The right side of a match: a constant, flags, a set. */
export const readValue = (lexer: Lexer): Syntax | undefined => {
  if (lexer.is('{')) return readSetOrReference(lexer)
  const first = readExpression(lexer, 'value')
  if (first === undefined || !lexer.is(',')) return first
  const parts = [first]
  while (lexer.take(',')) {
    const part = readExpression(lexer, 'value')
    if (part === undefined) return undefined
    parts.push(part)
  }
  return { kind: 'list', parts }
}

/** `@name` or `{ … }` */
export const readSetOrReference = (lexer: Lexer): Syntax | undefined => {
  if (lexer.kind === 'word' && lexer.text.startsWith('@')) {
    const set = lexer.text.slice(1)
    lexer.advance()
    return { kind: 'reference', set }
  }
  if (!lexer.is('{')) return undefined
  const elements = readElements(lexer)
  return elements === undefined ? undefined : { kind: 'set', elements }
}

/** From `{` to `}`, over lines; undefined: it does not close, or holds what no element is. */
export const readElements = (lexer: Lexer): readonly ElementSyntax[] | undefined => {
  lexer.advance()
  const elements: ElementSyntax[] = []
  for (;;) {
    skipLines(lexer)
    if (lexer.take('}')) return elements
    const element = readElement(lexer)
    if (element === undefined) return undefined
    elements.push(element)
    skipLines(lexer)
    if (!lexer.take(',') && !lexer.is('}')) return undefined
  }
}

const skipLines = (lexer: Lexer): void => {
  while (lexer.kind === 'newline' || lexer.kind === 'comment') lexer.advance()
}

const readElement = (lexer: Lexer): ElementSyntax | undefined => {
  const key = readExpression(lexer, 'value')
  if (key === undefined) return undefined
  const counted = readAttributes(lexer)
  if (!lexer.take(':')) return { key, ...counted }
  skipLines(lexer)
  const value: Syntax | Verdict | undefined = readVerdict(lexer) ?? readExpression(lexer, 'value')
  if (value === undefined) return undefined
  return { key, value, ...counted, ...readAttributes(lexer) }
}

/** `timeout 1h expires 59m counter packets 7 bytes 420 comment "…"`: only the packets say something here. */
const readAttributes = (lexer: Lexer): Pick<ElementSyntax, 'packets'> => {
  let packets: number | undefined
  while (lexer.kind === 'string' || (lexer.kind === 'word' && lexer.text !== ':')) {
    const isCounter = lexer.take('counter') && lexer.take('packets')
    if (isCounter && /^\d+$/.test(lexer.text)) packets = Number(lexer.text)
    else if (!isCounter) lexer.advance()
  }
  return packets === undefined ? {} : { packets }
}
