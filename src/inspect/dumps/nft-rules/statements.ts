import { u8 } from '../../../rules/bytes.ts'
import type { Jump, Statement } from '../../../rules/model.ts'
import { equals } from '../../../rules/terms.ts'
import type { RuleContext } from './context.ts'
import { isTyped, markValue, type MarkValue, typedKey } from './expressions.ts'
import { extension } from './extensions.ts'
import { lowerMatch, stateful, unknown } from './matches.ts'
import { lowerNat } from './nat.ts'
import { protocols } from './names.ts'
import { printStatement } from './print.ts'
import { withoutRepeats } from './repeats.ts'
import type { RuleSyntax, StatementSyntax } from './syntax.ts'

const ALL = 0xffffffff

/** A rule's statements in the rule model. */
export const lowerRule = ({ statements }: RuleSyntax, context: RuleContext): readonly Statement[] => {
  const translates = statements.some(
    (one) => one.kind === 'nat' || (one.kind === 'extension' && one.name.endsWith('NAT')),
  )
  const lowered: Statement[] = []
  for (const statement of statements) {
    // nft takes what follows `continue` for dead
    if (statement.kind === 'verdict' && statement.jump === 'continue') break
    if (statement.kind === 'extension') lowered.push(...extension(statement, translates))
    else lowered.push(...lowerStatement(statement, context))
  }
  return withoutRepeats(lowered)
}

const lowerStatement = (
  statement: Exclude<StatementSyntax, { kind: 'extension' }>,
  context: RuleContext,
): readonly Statement[] => {
  switch (statement.kind) {
    case 'match':
      return lowerMatch(statement, context)
    case 'vmap':
      return lowerVmap(statement, context)
    case 'verdict':
      return [{ kind: 'jump', jump: statement.jump as Jump }]
    case 'assignment':
      return [lowerAssignment(statement)]
    case 'nat':
      return lowerNat(statement, context)
    case 'reject':
      return lowerReject(statement.with, context)
    case 'counter':
      return [statement.name === undefined ? { kind: 'counter' } : { kind: 'counter', name: statement.name }]
    case 'update':
      return lowerUpdate(statement, context)
    case 'state':
      return [stateful(statement.text, assumed(statement, context))]
    case 'side-effect':
    case 'notrack':
      return [statement]
    case 'unknown':
      return [statement]
  }
}

/** A named limit or quota says in its own place on which side of its bound it matches. */
const assumed = ({ text, assume }: Extract<StatementSyntax, { kind: 'state' }>, context: RuleContext): boolean => {
  const name = /^(limit|quota) name "?([^"]*)"?$/.exec(text)
  if (name === null) return assume
  return context.isOver(`${name[1]} ${name[2]}`) !== true
}

const lowerVmap = (vmap: Extract<StatementSyntax, { kind: 'vmap' }>, context: RuleContext): readonly Statement[] => {
  const { key, data } = vmap
  const found = typedKey(key, context.family)
  if (!isTyped(found)) {
    const text = printStatement(vmap)
    return found.kind === 'state' ? [stateful(text, false)] : [...found.needs, unknown(text)]
  }
  if (data.kind === 'reference') context.uses(data.set, found.types)
  const map =
    data.kind === 'reference'
      ? data.set
      : data.kind === 'set'
        ? context.anonymous({ key: found.types, data: 'verdict' }, data.elements)
        : undefined
  if (map === undefined) return [...found.needs, unknown(printStatement(vmap))]
  return [...found.needs, { kind: 'vmap', key: found.key, map }]
}

/** What a packet carries for the kernel only (priority, trace, dscp) does not decide where it goes; marks do. */
const lowerAssignment = ({ to, value, text }: Extract<StatementSyntax, { kind: 'assignment' }>): Statement => {
  const target: Statement = { kind: 'unknown', text, role: 'target' }
  if (changesRoute.test(to)) return target
  if (to !== 'meta mark' && to !== 'mark' && to !== 'ct mark') return { kind: 'side-effect', text }
  const mark = markValue(value)
  if (mark === undefined) return target
  return (to === 'ct mark' ? connectionMark(mark) : packetMark(mark)) ?? target
}

/** Fields that the rules after it look at, or that routing does. */
const changesRoute = /^(?:ip6? (?:saddr|daddr|protocol|nexthdr)|(?:tcp|udp|udplite|sctp|dccp|th) (?:sport|dport)|@.*)$/

const packetMark = ({ of, and, xor }: MarkValue): Statement | undefined => {
  if (of !== 'ct mark') return { kind: 'mark', and, xor }
  return xor === 0 ? { kind: 'restore-mark', ctMask: and, markMask: ALL } : undefined
}

const connectionMark = ({ of, and, xor }: MarkValue): Statement | undefined => {
  if (of !== 'meta mark') return { kind: 'ct-mark', and, xor }
  return xor === 0 ? { kind: 'save-mark', ctMask: ALL, markMask: and } : undefined
}

const lowerReject = (answer: string, { family }: RuleContext): readonly Statement[] => {
  if (answer === 'tcp reset')
    return [equals('meta l4proto', u8(protocols['tcp'] as number)), { kind: 'reject', with: 'tcp-reset' }]
  const [icmp = '', code = ''] = answer.split(' ')
  const needs =
    family !== 'inet' || icmp === '' || icmp === 'icmpx' ? [] : [equals('meta nfproto', u8(icmp === 'icmp' ? 2 : 10))]
  const isPort = code === '' || code === 'port-unreachable' || code === portCodes[icmp]
  return [
    ...needs,
    isPort ? { kind: 'reject', with: 'port-unreachable' } : { kind: 'reject', with: 'port-unreachable', as: answer },
  ]
}

/** `nft -n` prints the code of "port unreachable". */
const portCodes: Readonly<Record<string, string>> = { icmp: '3', icmpv6: '4', icmpx: '1' }

const lowerUpdate = (
  { set, key, text }: Extract<StatementSyntax, { kind: 'update' }>,
  context: RuleContext,
): readonly Statement[] => {
  const found = typedKey(key, context.family)
  if (isTyped(found)) return [...found.needs, { kind: 'update', set, key: found.key }]
  return [{ kind: 'side-effect', text }]
}
