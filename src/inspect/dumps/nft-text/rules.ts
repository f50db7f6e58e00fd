import type { RuleSyntax, StatementSyntax } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'
import { readStatement } from './statements.ts'

/** More statements than this no nft makes of one rule. */
const MOST_STATEMENTS = 1_000

export interface RuleReading {
  readonly rule: RuleSyntax
  /** the text ended within it */
  readonly cut: boolean
}

/** One rule, up to the end of its line. What is not understood is in it by its text, up to the next thing that is sure. */
export const readRule = (lexer: Lexer): RuleReading => {
  const { line, start: begin } = lexer
  const statements: StatementSyntax[] = []
  let comment: string | undefined
  let handle: number | undefined
  let end = begin
  while (!atEnd(lexer) && statements.length < MOST_STATEMENTS) {
    if (lexer.kind === 'comment') {
      const said = readComment(lexer.text)
      handle = said.handle ?? handle
      const { end: behind } = lexer
      lexer.advance()
      // what nft could not print ends its line, but not always its rule
      const resumed = said.missing !== undefined && resume(lexer, said.missing)
      if (said.statement === undefined || resumed === 'with it') continue
      statements.push(said.statement)
      end = behind
      continue
    }
    if (lexer.take('comment')) {
      if (lexer.kind === 'string' || lexer.kind === 'word') comment = lexer.text
      lexer.advance()
      end = Math.max(end, lexer.start)
      continue
    }
    statements.push(readOne(lexer))
    end = lexer.start
  }
  const cut = lexer.kind === 'end' || lexer.unclosed
  const text = lexer.source
    .slice(begin, end)
    .trim()
    .replace(/\s*\n\s*/g, ' ')
  const rule: RuleSyntax = {
    statements,
    line,
    text,
    ...(comment === undefined ? {} : { comment }),
    ...(handle === undefined ? {} : { handle }),
  }
  return { rule, cut }
}

const atEnd = (lexer: Lexer): boolean =>
  lexer.kind === 'end' || lexer.kind === 'newline' || lexer.is('}') || lexer.is(';')

/**
 * Goes on to the next line where that is the rest of the rule. `with it`: that line begins with the extension itself, which some
 * versions print behind their warning.
 */
const resume = (lexer: Lexer, type: 'match' | 'target'): 'with it' | 'behind it' | 'not' => {
  if (lexer.kind !== 'newline') return 'not'
  const mark = lexer.mark()
  lexer.advance()
  if (lexer.is('xt')) return 'with it'
  const isHandle = lexer.has('comment') && lexer.text.startsWith('handle ')
  const isRest = type === 'match' && (lexer.has('word') || lexer.has('comment')) && !lexer.is('chain')
  if (isHandle || isRest) return 'behind it'
  lexer.reset(mark)
  return 'not'
}

const readOne = (lexer: Lexer): StatementSyntax => {
  const mark = lexer.mark()
  const statement = readStatement(lexer, mark.at)
  if (statement !== undefined && lexer.start > mark.at) return statement
  lexer.reset(mark)
  return readRest(lexer)
}

/** To the end of the line; what is in braces may go over several. */
const readRest = (lexer: Lexer): StatementSyntax => {
  const from = lexer.start
  const isTarget = targets.has(lexer.text)
  let depth = 0
  let to = from
  // nft breaks lines behind commas only
  let goesOn = false
  for (; lexer.kind !== 'end' && lexer.kind !== 'comment'; lexer.advance()) {
    if (lexer.is('{')) depth++
    else if (lexer.is('}') && --depth < 0) break
    else if (lexer.kind === 'newline' ? depth === 0 || !goesOn : depth === 0 && lexer.is(';')) break
    if (lexer.kind === 'newline') continue
    goesOn = lexer.is(',') || lexer.is('{')
    to = lexer.end
  }
  const text = lexer.source
    .slice(from, to)
    .trim()
    .replace(/\s*\n\s*/g, ' ')
  return { kind: 'unknown', text: text === '' ? 'nothing' : text, role: isTarget ? 'target' : 'match' }
}

/** Statements that act on the packet, where their arguments were not understood. */
const targets = new Set([
  'dnat',
  'snat',
  'redirect',
  'masquerade',
  'queue',
  'tproxy',
  'synproxy',
  'dup',
  'fwd',
  'reject',
  'jump',
  'goto',
])

interface CommentReading {
  readonly handle?: number
  readonly statement?: StatementSyntax
  /** nft says that it does not know this extension */
  readonly missing?: 'match' | 'target'
}

/** `# handle 12`, `# XT target DNAT not found`, `# Warning: XT …`, `# xt_DNAT`; other comments say nothing. */
const readComment = (text: string): CommentReading => {
  const handle = /(?:^|\s)handle (\d+)$/.exec(text)
  const of = handle === null ? {} : { handle: Number(handle[1]) }
  const extension = /^(?:Warning: )?(?:XT (match|target) (\S+) not found|xt_(\w+))/.exec(text)
  if (extension === null) return of
  const missing = extension[1] as 'match' | 'target' | undefined
  const name = extension[2] ?? extension[3] ?? ''
  const type = missing ?? (/^[A-Z]/.test(name) ? 'target' : 'match')
  const statement: StatementSyntax = { kind: 'extension', type, name, text: extension[0] }
  return { ...of, statement, ...(missing === undefined ? {} : { missing }) }
}
