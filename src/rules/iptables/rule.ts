import { prefixMask, u16, u8 } from '../bytes.ts'
import type { Bytes, Chain, Counters, Field, Rule, Statement } from '../model.ts'
import { field } from '../terms.ts'
import { iptablesHook } from '../netfilter-hooks.ts'
import { createContext, type RuleContext } from './context.ts'
import { inPrefix, readMatch } from './matches.ts'
import { parseProtocol } from './protocols.ts'
import {
  type Extension,
  type Option,
  parseSpec,
  printMatch,
  printOption,
  printTarget,
  protocolMatches,
  type RuleSpec,
} from './spec.ts'
import { readTarget } from './targets.ts'
import { splitWords } from './words.ts'

/** What a rule's text says. */
export interface RuleParts {
  /** that its `-A` names; '' where it has none */
  readonly chain: string
  readonly spec: RuleSpec
  readonly statements: readonly Statement[]
  readonly comment: string | undefined
  readonly counters: Counters | undefined
}

export interface ReadRule extends RuleParts {
  readonly rule: Rule
}

/**
 * Reads a rule as iptables-save prints it or as people write it, with or without `[packets:bytes] ` and `-A CHAIN ` in front. Never throws:
 * what is not understood becomes a statement `unknown` with its text.
 */
export const parseRule = (text: string, context: RuleContext = createContext()): ReadRule => {
  const parts = readParts(text, context)
  return { ...parts, rule: ruleOf(parts, { text }) }
}

/** As `parseRule`, without the rule. */
export const readParts = (text: string, context: RuleContext): RuleParts => {
  const { words, open } = splitWords(text)
  let at = 0
  const front = parseCounters(words[0])
  if (front !== undefined) at++
  let chain = ''
  if (words[at] === '-A' || words[at] === '--append') {
    chain = words[at + 1] ?? ''
    at += 2
  }
  const spec = parseSpec(words, at)
  return {
    chain,
    spec,
    statements: statementsOf(spec, context, open),
    comment: commentOf(spec),
    counters: front ?? countersOf(spec),
  }
}

/** The rule of the model; `more`: where it stands. */
export const ruleOf = (
  { statements, comment, counters }: RuleParts,
  more: { readonly text: string; readonly file?: string; readonly line?: number },
): Rule => ({
  statements,
  ...more,
  ...(comment !== undefined && { comment }),
  ...(counters !== undefined && { counters }),
})

/** `[12:720]` */
export const parseCounters = (text: string | undefined): Counters | undefined => {
  if (text?.charCodeAt(0) !== 91) return undefined
  const [, packets, bytes] = /^\[(\d+):(\d+)\]$/.exec(text) ?? []
  return packets === undefined ? undefined : { packets: Number(packets), bytes: Number(bytes) }
}

/** `-c 12 720`, as `iptables -S -v` prints them */
const countersOf = ({ options }: RuleSpec): Counters | undefined => {
  const values = options.find(({ name }) => name === '-c')?.values
  return values === undefined ? undefined : parseCounters(`[${values.join(':')}]`)
}

const commentOf = ({ matches }: RuleSpec): string | undefined => {
  let comment: string | undefined
  for (const { name, options } of matches) {
    if (name !== 'comment') continue
    for (const { values } of options) {
      const text = values.length === 1 ? values[0] : values.join(' ')
      comment = comment === undefined ? text : `${comment} ${text}`
    }
  }
  return comment
}

const statementsOf = (spec: RuleSpec, context: RuleContext, cut: boolean): readonly Statement[] => {
  const statements: Statement[] = []
  for (const option of spec.options) {
    // addresses are many and seldom equal
    const isAddress = option.name === '-s' || option.name === '-d'
    push(statements, isAddress ? readCore(option) : shared(context, printOption(option), () => readCore(option)))
  }
  const match = spec.options.some(({ name }) => name === '-p') ? undefined : impliedProtocol(spec)
  if (match !== undefined) push(statements, match)
  for (const extension of spec.matches) {
    if (extension.name === 'comment' || asksNothing(extension)) continue
    const text = printMatch(extension)
    push(
      statements,
      shared(context, text, () => readMatch(extension, context) ?? [{ kind: 'unknown', text }]),
    )
  }
  if (spec.strays.length > 0) statements.push({ kind: 'unknown', text: spec.strays.join(' ') })
  if (cut) statements.push({ kind: 'unknown', text: 'the rest of the line, which is cut' })
  const { target } = spec
  if (target === null) return statements
  const read = (): readonly Statement[] => readTarget(target, context)
  push(statements, target.name === 'DNAT' ? read() : shared(context, printTarget(target), read))
  return statements
}

/** `-m tcp` alone says no more than `-p tcp`. */
export const asksNothing = ({ name, options }: Extension): boolean =>
  options.length === 0 && (name === 'tcp' || name === 'udp' || name === 'sctp')

const push = (into: Statement[], statements: readonly Statement[]): void => {
  for (const statement of statements) into.push(statement)
}

/** Texts that a ruleset repeats are few and come early; of the others nothing is kept. */
const MOST_SHARED = 4_096

/** Equal text, the same statements. */
const shared = (context: RuleContext, text: string, read: () => readonly Statement[]): readonly Statement[] => {
  const known = context.statements.get(text)
  if (known !== undefined) return known
  const statements = read()
  if (context.statements.size < MOST_SHARED) context.statements.set(text, statements)
  return statements
}

/** `-m tcp --dport 80` without `-p tcp`: only a broken dump has it. */
const impliedProtocol = ({ matches }: RuleSpec): readonly Statement[] | undefined => {
  for (const [number, name] of protocolMatches)
    if (matches.some((match) => match.name === name && match.options.length > 0))
      return [{ kind: 'match', left: field('meta l4proto'), op: '==', right: u8(number) }]
  return undefined
}

const readCore = (option: Option): readonly Statement[] => {
  const read = coreStatements(option)
  if (read === null) return [{ kind: 'unknown', text: printOption(option) }]
  return Array.isArray(read) ? (read as readonly Statement[]) : [read as Statement]
}

const coreStatements = (option: Option): Statement | readonly Statement[] | null => {
  const { name, negated, values } = option
  const [value] = values
  const op = negated ? '!=' : '=='
  if (name === '-f')
    return { kind: 'match', left: field('ip frag-off'), op: negated ? '==' : '!=', right: u16(0), mask: u16(0x1fff) }
  if (name === '-c') return []
  if (value === undefined || values.length > 1) return null
  switch (name) {
    case '-s':
      return inPrefix(value.includes(':') ? 'ip6 saddr' : 'ip saddr', option)
    case '-d':
      return inPrefix(value.includes(':') ? 'ip6 daddr' : 'ip daddr', option)
    case '-i':
      return onInterface('meta iifname', value, negated)
    case '-o':
      return onInterface('meta oifname', value, negated)
    case '-p': {
      const protocol = parseProtocol(value)
      if (protocol === 0 && !negated) return []
      if (protocol === null || protocol === 0) return null
      return { kind: 'match', left: field('meta l4proto'), op, right: u8(protocol) }
    }
    default:
      return null
  }
}

/** IFNAMSIZ */
const NAME_SIZE = 16

/** `eth+` is every name that begins with eth, `+` every name. */
const onInterface = (name: Field, value: string, negated: boolean): Statement | readonly Statement[] => {
  const op = negated ? '!=' : '=='
  const wild = value.endsWith('+')
  const stem = wild ? value.slice(0, -1) : value
  if (stem === '' && !negated) return []
  const right = zeroPadded(stem, NAME_SIZE)
  if (!wild) return { kind: 'match', left: field(name), op, right }
  return { kind: 'match', left: field(name), op, right, mask: prefixMask(stem.length * 8, NAME_SIZE) }
}

const zeroPadded = (text: Bytes, length: number): Bytes => text.slice(0, length).padEnd(length, '\0')

export interface ChainText {
  readonly table: string
  readonly name: string
  /** of a built-in chain, default ACCEPT */
  readonly policy?: 'ACCEPT' | 'DROP'
  readonly rules: readonly string[]
}

/** A chain whose rules are read when a packet first comes to it: a tracer of many chains reads few. */
export const chainOf = ({ table, name, policy = 'ACCEPT', rules }: ChainText, context: RuleContext): Chain => {
  let read: readonly Rule[] | undefined
  const hook = iptablesHook(table, name, policy === 'DROP' ? 'drop' : 'accept')
  return {
    name,
    ...(hook && { hook }),
    get rules() {
      read ??= rules.map((text) => parseRule(text, context).rule)
      return read
    },
  }
}
