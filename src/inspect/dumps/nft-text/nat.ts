import type { NatSyntax, StatementSyntax, Syntax } from '../nft-rules/syntax.ts'
import { word } from '../nft-rules/syntax.ts'
import { readExpression } from './expressions.ts'
import type { Lexer } from './lexer.ts'

const flags = new Set(['random', 'fully-random', 'persistent'])

/** `dnat [ip|ip6] [addr . port|prefix] to … [flags]`, also snat, redirect and masquerade. */
export const readNat = (lexer: Lexer, start: number): StatementSyntax | undefined => {
  const type = lexer.text as NatSyntax['type']
  lexer.advance()
  const family = lexer.is('ip') ? 'ip' : lexer.is('ip6') ? 'ip6' : undefined
  if (family !== undefined) lexer.advance()
  const isPrefix = lexer.is('prefix')
  // `addr . port` says of what is behind `to` what that shows by itself
  while (lexer.kind === 'word' && (lexer.text === 'addr' || lexer.text === '.' || lexer.text === 'port' || isPrefix)) {
    if (lexer.is('to')) break
    lexer.advance()
  }
  let target: Target = {}
  if (lexer.take('to')) {
    const found = readTarget(lexer)
    if (found === undefined) return undefined
    target = found
  }
  const given: string[] = []
  while (lexer.kind === 'word' && flags.has(lexer.text)) {
    given.push(lexer.text)
    lexer.advance()
    lexer.take(',')
  }
  const text = lexer.source.slice(start, lexer.start).trim()
  if (isPrefix) return { kind: 'unknown', text, role: 'target' }
  return { kind: 'nat', type, ...(family === undefined ? {} : { family }), ...target, flags: given, text }
}

interface Target {
  readonly address?: Syntax
  readonly port?: Syntax
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `fd00::1`, `:8080`, `ip daddr map { … }`, `tcp dport map { … }:80` */
const readTarget = (lexer: Lexer): Target | undefined => {
  const direct = lexer.kind === 'word' ? splitPort(lexer.text) : undefined
  if (direct !== undefined) {
    lexer.advance()
    if (direct.port !== '') return targetOf(direct.address, direct.port)
    // `:"http"`: the name of a service in quotes
    const port = lexer.text
    lexer.advance()
    return targetOf(direct.address, port)
  }
  const address = readExpression(lexer)
  if (address === undefined) return undefined
  if (address.kind === 'concatenation') return ofParts(address.parts)
  if (lexer.kind !== 'word' || !lexer.text.startsWith(':')) return { address }
  const port = lexer.text.slice(1)
  lexer.advance()
  return port === '' ? undefined : { address, port: word(port) }
}

const targetOf = (address: string, port: string): Target =>
  address === '' ? { port: word(port) } : { address: word(address), port: word(port) }

/** `dnat ip addr . port to 10.0.0.1 . 80` */
const ofParts = ([address, port, ...more]: readonly Syntax[]): Target | undefined =>
  address === undefined || port === undefined || more.length > 0 ? undefined : { address, port }

const splitPort = (text: string): { address: string; port: string } | undefined => {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return undefined
  const address = text.slice(0, colon)
  // an IPv6 address has colons of its own and stands in brackets where a port follows
  if (address.includes(':') && !address.endsWith(']')) return undefined
  if (colon === 0 || address.endsWith(']') || address.includes('.')) return { address, port: text.slice(colon + 1) }
  return undefined
}
