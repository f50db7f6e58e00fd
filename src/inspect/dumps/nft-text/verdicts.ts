import type { Verdict } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'

/** accept, drop, return, continue, jump and goto; undefined: something else begins here, or a chain's name is missing. */
export const readVerdict = (lexer: Lexer): Verdict | undefined => {
  if (lexer.kind !== 'word') return undefined
  const verdict = lexer.text
  switch (verdict) {
    case 'continue':
      lexer.advance()
      return { kind: 'verdict', jump: 'continue' }
    case 'accept':
    case 'drop':
    case 'return':
      lexer.advance()
      return { kind: 'verdict', jump: { verdict } }
    case 'jump':
    case 'goto': {
      lexer.advance()
      const chain = readName(lexer)
      return chain === undefined ? undefined : { kind: 'verdict', jump: { verdict, chain } }
    }
    default:
      return undefined
  }
}

/** Of a chain, set or object; nft quotes what would be a keyword. */
export const readName = (lexer: Lexer): string | undefined => {
  if (lexer.kind !== 'word' && lexer.kind !== 'string') return undefined
  const name = lexer.text
  lexer.advance()
  return name
}
