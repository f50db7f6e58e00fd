import type { Hook } from '../../../rules/model.ts'
import { hookOf, priorityOf } from '../nft-rules/hooks.ts'
import type { RuleSyntax } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'
import { readRule } from './rules.ts'

export interface ChainReading {
  readonly hook: Hook | undefined
  readonly rules: readonly RuleSyntax[]
  /** closed: by its brace; missing: something else begins in it; cut: the text ends, and the last rule is not whole */
  readonly end: 'closed' | 'missing' | 'cut'
}

/** The inside of `chain NAME { … }`; the current token is the first behind the brace. */
export const readChain = (lexer: Lexer): ChainReading => {
  let hook: Hook | undefined
  const rules: RuleSyntax[] = []
  for (;;) {
    while (lexer.kind === 'newline' || lexer.is(';') || (lexer.kind === 'comment' && !isRule(lexer.text)))
      lexer.advance()
    if (lexer.take('}')) return { hook, rules, end: 'closed' }
    if (lexer.kind === 'end') return { hook, rules, end: 'cut' }
    if (beginsBlock(lexer)) return { hook, rules, end: 'missing' }
    if (lexer.is('type')) {
      hook = readHook(lexer)
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
      return { hook, rules, end: 'cut' }
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

/** `type nat hook prerouting priority dstnat - 5; policy accept;` */
const readHook = (lexer: Lexer): Hook | undefined => {
  const words: string[] = []
  let policy = 'accept'
  for (; lexer.kind !== 'newline' && lexer.kind !== 'end' && !lexer.is('}'); lexer.advance()) {
    if (lexer.take('policy')) policy = lexer.text
    else if (lexer.kind === 'word') words.push(lexer.text)
  }
  const found = /^type (\S+) hook (\S+) (?:device.* )?priority (.*)$/.exec(words.join(' '))
  const priority = priorityOf(found?.[3] ?? '')
  return found === null || priority === undefined ? undefined : hookOf(found[1] ?? '', found[2] ?? '', priority, policy)
}
