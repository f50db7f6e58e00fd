import { formatEndpoint, formatAddress } from '../model/address.ts'
import { number } from './bytes.ts'
import type { Bytes, Expression, Field, Jump, Key, Rule, Statement, Table } from './model.ts'

type Family = Table['family']

/** A rule as `nft list ruleset` prints it (1.0.6), so that what a trace shows can be found there. */
export const printRule = (rule: Rule, family: Family): string => {
  const text = rule.statements
    .filter((statement, index) => !isImplied(statement, rule.statements[index + 1]))
    .map((statement) => printStatement(statement, family))
    .join(' ')
  return rule.comment === undefined ? text : `${text} comment "${rule.comment}"`
}

/** nft leaves out what `reject with tcp reset` says already. */
const isImplied = (statement: Statement, next: Statement | undefined): boolean =>
  statement.kind === 'match' &&
  statement.left.kind === 'field' &&
  statement.left.field === 'meta l4proto' &&
  next?.kind === 'reject' &&
  next.with === 'tcp-reset'

export const formatAddressAndPort = (address: Bytes, port: number): string =>
  formatEndpoint(formatAddress(address), port)

const printStatement = (statement: Statement, family: Family): string => {
  switch (statement.kind) {
    case 'match':
      return printMatch(statement)
    case 'range': {
      const { left, low, high, negated } = statement
      return `${printExpression(left)} ${negated ? '!= ' : ''}${printValue(left, low)}-${printValue(left, high)}`
    }
    case 'lookup':
      return `${printKey(statement.key)} ${statement.negated ? '!= ' : ''}@${statement.set}`
    case 'vmap':
      return `${printKey(statement.key)} vmap @${statement.map}`
    case 'dnat':
      return `dnat ${family} to ${formatAddressAndPort(statement.address, statement.port)}`
    case 'dnat-map':
      return `dnat ${family} to ${printKey(statement.key)} map @${statement.map}`
    case 'masquerade':
      return statement.fullyRandom ? 'masquerade fully-random' : 'masquerade'
    case 'mark':
      return printMark(statement.and, statement.xor)
    case 'update':
      return `update @${statement.set} { ${printKey(statement.key)} }`
    case 'counter':
      return statement.name === undefined ? 'counter' : `counter name "${statement.name}"`
    case 'reject':
      return statement.with === 'tcp-reset' ? 'reject with tcp reset' : 'reject'
    case 'jump':
      return printJump(statement.jump)
    case 'unknown':
      return statement.text
  }
}

export const printJump = (jump: Jump): string => ('chain' in jump ? `${jump.verdict} ${jump.chain}` : jump.verdict)

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`

/** mark = (mark & and) ^ xor, in the words that nft has for the usual cases. */
const printMark = (and: number, xor: number): string => {
  if (and === 0) return `meta mark set ${hex(xor)}`
  if (and >>> 0 === 0xffffffff) return `meta mark set meta mark ^ ${hex(xor)}`
  if (xor === 0) return `meta mark set meta mark & ${hex(and)}`
  if ((and ^ xor) >>> 0 === 0xffffffff) return `meta mark set meta mark | ${hex(xor)}`
  return `meta mark set meta mark & ${hex(and)} ^ ${hex(xor)}`
}

const printMatch = ({ left, op, right, mask }: Extract<Statement, { kind: 'match' }>): string => {
  const name = printExpression(left)
  const not = op === '!=' ? '!= ' : ''
  if (mask === undefined) return `${name} ${not}${printValue(left, right)}`
  if (left.kind === 'field' && isAddress(left.field)) return `${name} ${not}${formatAddress(right)}/${prefixOf(mask)}`
  if (left.kind === 'field' && left.field.endsWith('ifname'))
    return `${name} ${not}"${right.slice(0, prefixOf(mask) / 8)}*"`
  // nft writes a test of one flag of a bit mask by its name alone
  if (left.kind === 'field' && left.field.startsWith('ct ')) {
    return op === '!=' ? `${name} ${printValue(left, mask)}` : `${name} & ${printValue(left, mask)} == ${number(right)}`
  }
  return `${name} & ${hex(number(mask))} ${op} ${hex(number(right))}`
}

const printKey = (key: Key): string => key.map(printExpression).join(' . ')

const printExpression = (expression: Expression): string => {
  switch (expression.kind) {
    case 'field':
      return expression.field
    case 'octet':
      return `@nh,${(addressOffset[expression.of] + expression.at) * 8},8`
    case 'numgen': {
      const { mode, modulus, offset } = expression
      return `numgen ${mode} mod ${modulus}${printOffset(offset)}`
    }
    case 'jhash': {
      const { of, modulus, seed, offset } = expression
      return `jhash ${printKey(of)} mod ${modulus} seed 0x${seed.toString(16)}${printOffset(offset)}`
    }
  }
}

/** Bytes from the start of the network header. */
export const addressOffset = { 'ip saddr': 12, 'ip daddr': 16, 'ip6 saddr': 8, 'ip6 daddr': 24 } as const

const printOffset = (offset: number): string => (offset === 0 ? '' : ` offset ${offset}`)

const isAddress = (field: Field): boolean => field.endsWith('addr')

const prefixOf = (mask: Bytes): number => {
  let bits = 0
  for (const char of mask) for (let byte = char.charCodeAt(0); byte & 0x80; byte = (byte << 1) & 0xff) bits++
  return bits
}

const protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'ipv6-icmp', 132: 'sctp' }
const addressTypes: Readonly<Record<number, string>> = { 1: 'unicast', 2: 'local', 3: 'broadcast', 5: 'multicast' }
const states: Readonly<Record<number, string>> = {
  1: 'invalid',
  2: 'established',
  4: 'related',
  8: 'new',
  64: 'untracked',
}
const statuses: Readonly<Record<number, string>> = { 0x10: 'snat', 0x20: 'dnat' }

const printValue = (of: Expression, bytes: Bytes): string => {
  if (of.kind !== 'field') return String(number(bytes))
  switch (of.field) {
    case 'ip saddr':
    case 'ip daddr':
    case 'ip6 saddr':
    case 'ip6 daddr':
      return formatAddress(bytes)
    case 'meta l4proto':
      return named(protocols, bytes)
    case 'th sport':
    case 'th dport':
      return String(number(bytes))
    case 'meta mark':
      return hex(number(bytes))
    case 'meta iifname':
    case 'meta oifname':
      return `"${bytes.replace(/\0+$/, '')}"`
    case 'ct state':
      return named(states, bytes)
    case 'ct status':
      return named(statuses, bytes)
    case 'fib saddr type':
    case 'fib daddr type':
      return named(addressTypes, bytes)
  }
}

const named = (names: Readonly<Record<number, string>>, bytes: Bytes): string => {
  const value = number(bytes)
  return names[value] ?? String(value)
}
