import type { Hook } from '../../../rules/model.ts'
import { hookOf, priorityOf } from '../nft-rules/hooks.ts'
import type { RuleSyntax } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'
import { readRule } from './rules.ts'

export interface ChainReading {
  readonly hook: Hook | undefined
  /** the line that says where it hangs, where it makes no sense; '' */
  readonly oddHook: string
  readonly rules: readonly RuleSyntax[]
  /** closed: by its brace; missing: something else begins in it; cut: the text ends, and the last rule is not whole */
  readonly end: 'closed' | 'missing' | 'cut'
}

/** The inside of `chain NAME { … }`; the current token is the first behind the brace. */
export const readChain = (lexer: Lexer): ChainReading => {
  let hook: Hook | undefined
  let oddHook = ''
  const rules: RuleSyntax[] = []
  const reading = (end: ChainReading['end']): ChainReading => ({ hook, oddHook, rules, end })
  for (;;) {
    while (lexer.kind === 'newline' || lexer.is(';') || (lexer.kind === 'comment' && !isRule(lexer.text)))
      lexer.advance()
    if (lexer.take('}')) return reading('closed')
    if (lexer.kind === 'end') return reading('cut')
    if (beginsBlock(lexer)) return reading('missing')
    if (lexer.is('type')) {
      const said = readHook(lexer)
      if (typeof said === 'string') oddHook = said
      else hook = said
      continue
    }
    const mark = lexer.mark()
    if (lexer.take('policy') || lexer.take('comment')) {
      lexer.advance()
      if (lexer.has('newline') || lexer.is(';')) continue
      lexer.reset(mark)
    }
    const { rule, cut } = readRule(lexer)
    if (cut) {
      const text = `${rule.text ?? ''} (the dump ends within this rule)`
      rules.push({ ...rule, text, statements: [{ kind: 'unknown', text, role: 'match' }] })
      return reading('cut')
    }
    if (rule.statements.length > 0) rules.push(rule)
    if (lexer.mark().at === mark.at) lexer.advance()
  }
}

/** A comment that stands for a rule: an extension that nft could not print. */
const isRule = (text: string): boolean => text.startsWith('XT ') || text.startsWith('xt_')

/** No rule begins with these words and a brace: the chain before was not closed. */
export const beginsBlock = (lexer: Lexer): boolean => {
  if (!lexer.is('chain') && !lexer.is('table') && !lexer.is('set') && !lexer.is('map')) return false
  const mark = lexer.mark()
  let found = false
  for (let words = 0; words < 4 && !found && lexer.kind !== 'newline' && lexer.kind !== 'end'; words++) {
    lexer.advance()
    found = words > 0 && lexer.is('{')
  }
  lexer.reset(mark)
  return found
}

/** `type nat hook prerouting priority dstnat - 5; policy accept;`; undefined: a hook that no packet of ours comes to; text: none that nft has */
const readHook = (lexer: Lexer): Hook | undefined | string => {
  const words: string[] = []
  let policy = 'accept'
  for (; lexer.kind !== 'newline' && lexer.kind !== 'end' && !lexer.is('}'); lexer.advance()) {
    if (lexer.take('policy')) policy = lexer.text
    else if (lexer.kind === 'word') words.push(lexer.text)
  }
  const text = words.join(' ')
  const [, type = '', at = '', when = ''] = /^type (\S+) hook (\S+) (?:device.* )?priority (.*)$/.exec(text) ?? []
  if (at === 'ingress' || at === 'egress' || lexer.has('end')) return undefined
  const priority = priorityOf(when)
  return (priority === undefined ? undefined : hookOf(type, at, priority, policy)) ?? text
}
