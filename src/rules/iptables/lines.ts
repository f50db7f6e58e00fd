import type { Rule } from '../model.ts'
import type { RuleContext } from './context.ts'
import { lostOf } from './liars.ts'
import { parseCounters, readParts, ruleOf } from './rule.ts'
import type { Family, RuleLine } from './ruleset.ts'

export interface LineReading {
  readonly file: string
  readonly context: RuleContext
}

/** A rule of a dump, with where it stands; what its dump has lost is said in the rule. */
export const readLine = (chain: string, { text, line, shown }: RuleLine, { file, context }: LineReading): Rule => {
  const parts = readParts(text, context)
  const lost = lostOf(chain, parts.spec)
  const place = { text: shown ?? text, file, line }
  if (lost === null) return ruleOf(parts, place)
  const unknown = { kind: 'unknown', text: `${lost}, which the dump has lost` } as const
  return ruleOf({ ...parts, statements: [unknown, ...parts.statements] }, place)
}

/** What must be known of every rule of a dump before any of them is read. */
export interface LineGlance {
  /** '' where the line has no `-A` */
  readonly chain: string
  /** '' where it has none */
  readonly target: string
  readonly packets: number
  /** the line ends in the middle of a quoted word */
  readonly cut: boolean
}

/** `[12:720] -A CHAIN … -j TARGET …`, by a look at a few places of the line. */
export const glance = (line: string): LineGlance => {
  const start = line.charCodeAt(0) === 91 ? line.indexOf('] ') + 2 : 0
  const from = line.startsWith('-A ', start) ? start + 3 : line.startsWith('--append ', start) ? start + 9 : -1
  const quotes = line.includes('"')
  return {
    chain: from < 0 ? '' : wordAt(line, from),
    target: targetOf(line, quotes),
    packets: start > 0 ? (parseCounters(line.slice(0, start - 1))?.packets ?? 0) : 0,
    cut: quotes && isOpen(line),
  }
}

const wordAt = (line: string, from: number): string => {
  const end = line.indexOf(' ', from)
  return line.slice(from, end < 0 ? line.length : end)
}

/** The last `-j` or `-g` that stands outside quotes. */
const targetOf = (line: string, quotes: boolean): string => {
  for (const option of [' -j ', ' -g ']) {
    let at = line.lastIndexOf(option)
    while (at >= 0 && quotes && isOpen(line.slice(0, at))) at = at === 0 ? -1 : line.lastIndexOf(option, at - 1)
    if (at >= 0) return wordAt(line, at + 4)
  }
  return ''
}

/** Without what somebody wrote behind a rule, `… -j X   # why`; iptables prints no bare `#`. */
export const withoutNote = (line: string): string => {
  for (let at = line.search(/\s#/); at >= 0; ) {
    if (!isOpen(line.slice(0, at))) return line.slice(0, at).trimEnd()
    const next = line.slice(at + 1).search(/\s#/)
    at = next < 0 ? -1 : at + 1 + next
  }
  return line
}

/** Does it end inside quotes? */
const isOpen = (text: string): boolean => {
  let open = false
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1))
    if (!open || !isEscaped(text, at)) open = !open
  return open
}

const isEscaped = (text: string, at: number): boolean => {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes++
  return slashes % 2 === 1
}

/** The family that a rule's addresses say; null: it has none. */
export const familyOfRule = ({ statements }: Rule): Family | null => {
  for (const statement of statements) {
    if ((statement.kind === 'match' || statement.kind === 'range') && statement.left.kind === 'field') {
      const name = statement.left.field
      if (name === 'ip saddr' || name === 'ip daddr') return 'ip'
      if (name === 'ip6 saddr' || name === 'ip6 daddr') return 'ip6'
    } else if ((statement.kind === 'dnat' || statement.kind === 'snat') && statement.address !== '')
      return statement.address.length === 4 ? 'ip' : 'ip6'
    else if (statement.kind === 'reject' && statement.as !== undefined)
      return statement.as.startsWith('icmp6') ? 'ip6' : 'ip'
  }
  return null
}
