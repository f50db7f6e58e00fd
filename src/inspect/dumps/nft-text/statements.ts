import type { Operator, StatementSyntax, Syntax } from '../nft-rules/syntax.ts'
import { readExpression, readNumber, readSetOrReference, readValue } from './expressions.ts'
import type { Lexer } from './lexer.ts'
import { readNat } from './nat.ts'
import { readName, readVerdict } from './verdicts.ts'

/** Reads one statement; undefined: not understood. The text of what was read is the caller's to cut out of the source. */
type Reader = (lexer: Lexer, start: number) => StatementSyntax | undefined

const comparisons: ReadonlyMap<string, Operator> = new Map([
  ['==', '=='],
  ['eq', '=='],
  ['!=', '!='],
  ['ne', '!='],
  ['neq', '!='],
  ['<', '<'],
  ['lt', '<'],
  ['>', '>'],
  ['gt', '>'],
  ['<=', '<='],
  ['le', '<='],
  ['>=', '>='],
  ['ge', '>='],
  ['!', '!'],
])

/** The source from `start` to the current token. */
const textFrom = (lexer: Lexer, start: number): string => lexer.source.slice(start, lexer.start).trim()

export const readStatement: Reader = (lexer, start) => {
  if (lexer.kind === 'word') {
    const reader = readers.get(lexer.text)
    const known = reader?.(lexer, start)
    if (known !== undefined || (reader !== undefined && !alsoSelectors.has(lexer.text))) return known
    const verdict = readVerdict(lexer)
    if (verdict !== undefined) return verdict
  }
  return readRelation(lexer, start)
}

const verdicts = new Set(['accept', 'drop', 'return', 'continue', 'jump', 'goto', 'queue', 'reject'])

/** `ct count …` is a statement, `ct state …` a match. */
const alsoSelectors = new Set(['ct'])

/** A match, a verdict map or an assignment: all begin with what a packet has. */
const readRelation: Reader = (lexer, start) => {
  const left = readExpression(lexer)
  if (left === undefined) return undefined
  if (lexer.take('vmap')) {
    const data = readSetOrReference(lexer)
    return data === undefined ? undefined : { kind: 'vmap', key: left, data }
  }
  if (lexer.take('set')) return readAssignment(lexer, left, start)
  const op = lexer.kind === 'string' ? '' : (comparisons.get(lexer.text) ?? '')
  if (op !== '') lexer.advance()
  // a verdict where a value should be: what is asked was not understood
  if (left.kind === 'word' || (op === '' && verdicts.has(lexer.text) && lexer.kind === 'word')) return undefined
  const right = readValue(lexer)
  if (right === undefined) return undefined
  // `tcp flags syn / fin,syn`: the value, then its mask
  if (!lexer.take('/')) return { kind: 'match', left, op, right }
  const mask = readValue(lexer)
  if (mask === undefined) return undefined
  return { kind: 'match', left: { kind: 'binary', op: '&', left, right: mask }, op: op === '' ? '==' : op, right }
}

const readAssignment = (lexer: Lexer, left: Syntax, start: number): StatementSyntax | undefined => {
  const value = readExpression(lexer)
  if (value === undefined || left.kind !== 'selector') return undefined
  while (lexer.take(',') || lexer.take('/')) lexer.advance()
  return { kind: 'assignment', to: left.name, value, text: textFrom(lexer, start) }
}

/** Everything that belongs to a statement whose content does not matter: options and their values. */
const skipOptions = (lexer: Lexer, options: ReadonlySet<string>): void => {
  while (lexer.kind === 'word' && options.has(lexer.text)) {
    lexer.advance()
    if (lexer.kind === 'word' || lexer.kind === 'string') lexer.advance()
    while (lexer.take(',')) lexer.advance()
  }
}

const logOptions = new Set(['prefix', 'level', 'group', 'snaplen', 'queue-threshold', 'flags', 'tcp', 'ip'])
const units = new Set(['bytes', 'kbytes', 'mbytes', 'gbytes', 'packets', 'used', 'burst', 'over', 'until'])

const byWord: Readonly<Record<string, Reader>> = {
  counter(lexer) {
    lexer.advance()
    if (lexer.take('name')) {
      // a map of counters is asked with a key first
      if (lexer.kind === 'word' && readSelectorMap(lexer)) return { kind: 'side-effect', text: 'counter' }
      const name = readName(lexer)
      return name === undefined ? undefined : { kind: 'counter', name }
    }
    if (!lexer.take('packets')) return { kind: 'counter' }
    const packets = readCount(lexer)
    const bytes = lexer.take('bytes') ? readCount(lexer) : 0
    return { kind: 'counter', counters: { packets, bytes } }
  },
  log(lexer, start) {
    lexer.advance()
    skipOptions(lexer, logOptions)
    return { kind: 'side-effect', text: textFrom(lexer, start) }
  },
  limit: (lexer, start) => readBounded(lexer, start),
  quota: (lexer, start) => readBounded(lexer, start),
  ct(lexer, start) {
    const mark = lexer.mark()
    lexer.advance()
    if (!lexer.take('count')) {
      const object = lexer.text
      const isObject = object === 'helper' || object === 'timeout' || object === 'expectation'
      if (isObject) lexer.advance()
      if (isObject && lexer.take('set')) {
        lexer.advance()
        return { kind: 'side-effect', text: textFrom(lexer, start) }
      }
      lexer.reset(mark)
      return undefined
    }
    const over = lexer.take('over')
    readNumber(lexer)
    return { kind: 'state', text: textFrom(lexer, start), assume: !over }
  },
  reject(lexer) {
    lexer.advance()
    if (!lexer.take('with')) return { kind: 'reject', with: '' }
    const kind = lexer.text
    lexer.advance()
    lexer.take('type')
    const code = lexer.text
    lexer.advance()
    return { kind: 'reject', with: `${kind} ${code}` }
  },
  notrack(lexer) {
    lexer.advance()
    return { kind: 'notrack' }
  },
  last(lexer, start) {
    lexer.advance()
    if (lexer.take('used')) lexer.advance()
    return { kind: 'side-effect', text: textFrom(lexer, start) }
  },
  flow(lexer, start) {
    lexer.advance()
    lexer.advance()
    lexer.advance()
    return { kind: 'side-effect', text: textFrom(lexer, start) }
  },
  add: (lexer, start) => readUpdate(lexer, start),
  update: (lexer, start) => readUpdate(lexer, start),
  /** `set add ip saddr @name`: before nft 0.9 */
  set(lexer, start) {
    lexer.advance()
    lexer.advance()
    const key = readExpression(lexer)
    const set = key === undefined ? undefined : readSetOrReference(lexer)
    if (key === undefined || set?.kind !== 'reference') return undefined
    return { kind: 'update', set: set.set, key, text: textFrom(lexer, start) }
  },
  delete(lexer, start) {
    const found = readUpdate(lexer, start)
    return found === undefined ? undefined : { kind: 'side-effect', text: textFrom(lexer, start) }
  },
  xt(lexer, start) {
    lexer.advance()
    const type = lexer.text
    if (type !== 'match' && type !== 'target') return undefined
    lexer.advance()
    const name = readName(lexer)
    return name === undefined ? undefined : { kind: 'extension', type, name, text: textFrom(lexer, start) }
  },
  /** `XT target DNAT not found`: nft's warning without its `#` */
  XT(lexer, start) {
    lexer.advance()
    const type = lexer.text
    if (type !== 'match' && type !== 'target') return undefined
    lexer.advance()
    const name = readName(lexer)
    if (name === undefined || !lexer.take('not') || !lexer.take('found')) return undefined
    return { kind: 'extension', type, name, text: textFrom(lexer, start) }
  },
  dnat: readNat,
  snat: readNat,
  redirect: readNat,
  masquerade: readNat,
}

const readers: ReadonlyMap<string, Reader> = new Map(Object.entries(byWord))

const readCount = (lexer: Lexer): number => {
  const value = lexer.kind === 'word' && /^\d+$/.test(lexer.text) ? Number(lexer.text) : 0
  lexer.advance()
  return value
}

/** `limit rate over 5/second burst 3 packets`, `quota 25 mbytes used 1 mbytes`, `limit name "x"` */
const readBounded: Reader = (lexer, start) => {
  lexer.advance()
  if (lexer.take('name')) {
    lexer.advance()
    return { kind: 'state', text: textFrom(lexer, start), assume: true }
  }
  lexer.take('rate')
  const over = lexer.is('over')
  // `5/second`, `1 mbytes/second`
  while (lexer.kind === 'word' && (units.has(lexer.text) || /^(?:\d|[kmg]?bytes\/)/.test(lexer.text))) lexer.advance()
  return { kind: 'state', text: textFrom(lexer, start), assume: !over }
}

/** `update @set { ip saddr timeout 1h limit rate 1/second }` */
const readUpdate: Reader = (lexer, start) => {
  lexer.advance()
  const set = readSetOrReference(lexer)
  if (set?.kind !== 'reference' || !lexer.take('{')) return undefined
  const key = readExpression(lexer)
  for (let depth = 1; depth > 0; lexer.advance()) {
    if (lexer.is('{')) depth++
    else if (lexer.is('}')) depth--
    else if (lexer.kind === 'end' || lexer.kind === 'newline') return undefined
  }
  return key === undefined ? undefined : { kind: 'update', set: set.set, key, text: textFrom(lexer, start) }
}

/** `counter name ip saddr map @counters`; true where it was one. */
const readSelectorMap = (lexer: Lexer): boolean => {
  const mark = lexer.mark()
  if (readExpression(lexer)?.kind === 'map') return true
  lexer.reset(mark)
  return false
}
