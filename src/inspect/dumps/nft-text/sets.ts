import type { ElementSyntax, SetSyntax, TypeSyntax } from '../nft-rules/syntax.ts'
import { readElements, readExpression } from './expressions.ts'
import type { Lexer } from './lexer.ts'

export interface SetReading {
  readonly set: SetSyntax
  /** its elements did not close, or one of them is none */
  readonly broken: boolean
}

/** The inside of `set NAME { … }` or `map NAME { … }`; the current token is the first behind the brace. */
export const readSet = (lexer: Lexer, name: string, isMap: boolean): SetReading => {
  let key: readonly TypeSyntax[] = []
  let data: SetSyntax['data']
  const flags: string[] = []
  const elements: ElementSyntax[] = []
  let broken = false
  while (lexer.kind !== 'end' && !lexer.is('}') && !lexer.is('chain') && !lexer.is('table')) {
    if (lexer.is('type') || lexer.is('typeof')) {
      const types = readTypes(lexer)
      key = types.key
      data = types.data
    } else if (lexer.take('flags')) {
      while (lexer.kind === 'word') {
        flags.push(lexer.text)
        lexer.advance()
        if (!lexer.take(',')) break
      }
    } else if (lexer.take('elements')) {
      lexer.take('=')
      const found = lexer.is('{') ? readElements(lexer) : undefined
      if (found === undefined) broken = true
      else for (const element of found) elements.push(element)
      if (broken) skipBlock(lexer)
    }
    skipLine(lexer)
  }
  if (!lexer.take('}')) broken = true
  const types = data === undefined ? { key } : { key, data }
  return { set: { name, isMap, ...types, flags, elements }, broken }
}

/** The rest of elements that make no sense, up to their closing brace or the end of the lines that belong to them. */
const skipBlock = (lexer: Lexer): void => {
  let comma = false
  while (lexer.kind !== 'end' && !lexer.is('}') && (lexer.kind !== 'newline' || comma)) {
    if (lexer.kind !== 'newline') comma = lexer.is(',')
    lexer.advance()
  }
  lexer.take('}')
}

const skipLine = (lexer: Lexer): void => {
  while (lexer.kind !== 'end' && lexer.kind !== 'newline' && !lexer.is('}') && !lexer.is(';')) lexer.advance()
  while (lexer.kind === 'newline' || lexer.is(';')) lexer.advance()
}

/** `type ipv4_addr . inet_service : verdict`, `typeof ip daddr . th dport : interval ip daddr` */
const readTypes = (lexer: Lexer): { key: readonly TypeSyntax[]; data: SetSyntax['data'] } => {
  const isNamed = lexer.is('type')
  lexer.advance()
  const key = readParts(lexer, isNamed)
  if (!lexer.take(':')) return { key, data: undefined }
  lexer.take('interval')
  if (lexer.take('verdict')) return { key, data: 'verdict' }
  return { key, data: readParts(lexer, isNamed) }
}

const readParts = (lexer: Lexer, isNamed: boolean): readonly TypeSyntax[] => {
  if (!isNamed) {
    const of = readExpression(lexer)
    if (of === undefined) return []
    return (of.kind === 'concatenation' ? of.parts : [of]).map((part) => ({ of: part }))
  }
  const parts: TypeSyntax[] = []
  while (lexer.kind === 'word') {
    parts.push({ type: lexer.text })
    lexer.advance()
    if (!lexer.take('.')) break
  }
  return parts
}
