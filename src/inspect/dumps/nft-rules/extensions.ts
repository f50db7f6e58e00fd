import type { Statement } from '../../../rules/model.ts'
import type { StatementSyntax } from './syntax.ts'

/** iptables extensions that nft names without their content. */
type Extension = Extract<StatementSyntax, { kind: 'extension' }>

/** Matches on what no ruleset tells. */
const stateful = new Set([
  'recent',
  'limit',
  'hashlimit',
  'connlimit',
  'quota',
  'time',
  'owner',
  'cgroup',
  'bpf',
  'connbytes',
])
/** Matches that always match. */
const idle = new Set(['comment', 'nfacct'])
/** Targets that do not decide where a packet goes. */
const harmless = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'TRACE',
  'AUDIT',
  'CHECKSUM',
  'TCPMSS',
  'TCPOPTSTRIP',
  'CLASSIFY',
  'DSCP',
  'TOS',
  'TTL',
  'HL',
  'SECMARK',
  'CONNSECMARK',
  'RATEEST',
  'LED',
  'SET',
])

/**
 * What is left of an extension that nft could not show. `translates`: the rule ends in a NAT of its own, so its `recent` is
 * the one that notes a client (`--set` always matches), else it is the one that asks for it.
 */
export const extension = ({ type, name, text }: Extension, translates: boolean): readonly Statement[] => {
  if (type === 'target') {
    if (harmless.has(name)) return [{ kind: 'side-effect', text }]
    if (name === 'MASQUERADE') return [{ kind: 'masquerade', fullyRandom: false }]
    if (name === 'REJECT') return [{ kind: 'reject', with: 'port-unreachable', as: `${text}, answer not shown` }]
    if (name === 'NOTRACK') return [{ kind: 'notrack' }]
    return [{ kind: 'unknown', text: `${text}: ${cure}`, role: 'target' }]
  }
  if (idle.has(name)) return []
  if (stateful.has(name)) {
    const assume = name === 'recent' && translates
    const condition = `iptables match ${name} ${assume ? 'matches' : 'does not match'}`
    return [assume ? { kind: 'state', text: condition, assume } : { kind: 'state', text: condition }]
  }
  return [{ kind: 'unknown', text: `${text}: ${cure}` }]
}

const cure = 'nft does not show its content, iptables-save does'
