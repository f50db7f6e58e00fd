import { formatEndpoint, formatAddress } from '../model/address.ts'
import { isZero, number } from './bytes.ts'
import type { Bytes, Expression, Field, Jump, Key, Rule, Statement, Table } from './model.ts'
import { hex, printValue } from './print-values.ts'

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
    case 'chance':
      return `with probability ${statement.odds.numerator}/${statement.odds.denominator}`
    case 'state':
      return statement.text
    case 'dnat':
      return `dnat ${natFamily(family)}to ${printTarget(statement.address, statement.port)}`
    case 'dnat-map':
      return `dnat ${natFamily(family)}to ${printKey(statement.key)} map @${statement.map}`
    case 'masquerade':
      return statement.fullyRandom ? 'masquerade fully-random' : 'masquerade'
    case 'snat':
      return `snat ${natFamily(family)}to ${printTarget(statement.address, statement.port ?? 0)}`
    case 'redirect':
      return statement.port === 0 ? 'redirect' : `redirect to :${statement.port}`
    case 'mark':
      return printMark('meta mark', statement.and, statement.xor)
    case 'ct-mark':
      return printMark('ct mark', statement.and, statement.xor)
    case 'save-mark':
      return `ct mark set ct mark & ${hex(~statement.ctMask)} ^ (meta mark & ${hex(statement.markMask)})`
    case 'restore-mark':
      return `meta mark set meta mark & ${hex(~statement.markMask)} ^ (ct mark & ${hex(statement.ctMask)})`
    case 'notrack':
      return 'notrack'
    case 'side-effect':
      return statement.text
    case 'update':
      return `update @${statement.set} { ${printKey(statement.key)} }`
    case 'counter':
      return statement.name === undefined ? 'counter' : `counter name "${statement.name}"`
    case 'reject':
      if (statement.as !== undefined) return `reject with ${statement.as}`
      return statement.with === 'tcp-reset' ? 'reject with tcp reset' : 'reject'
    case 'jump':
      return printJump(statement.jump)
    case 'unknown':
      return statement.text
  }
}

export const printJump = (jump: Jump): string => ('chain' in jump ? `${jump.verdict} ${jump.chain}` : jump.verdict)

/** inet tables say which family's addresses they write; the others have it in their name already, and nft says it again. */
const natFamily = (family: Family): string => (family === 'inet' ? '' : `${family} `)

/** '' and 0: stay as they are */
const printTarget = (address: Bytes, port: number): string => {
  if (address === '') return `:${port}`
  return port === 0 ? formatAddress(address) : formatAddressAndPort(address, port)
}

/** mark = (mark & and) ^ xor, in the words that nft has for the usual cases. */
const printMark = (name: 'meta mark' | 'ct mark', and: number, xor: number): string => {
  if (and === 0) return `${name} set ${hex(xor)}`
  if (and >>> 0 === 0xffffffff) return `${name} set ${name} ^ ${hex(xor)}`
  if (xor === 0) return `${name} set ${name} & ${hex(and)}`
  if ((and ^ xor) >>> 0 === 0xffffffff) return `${name} set ${name} | ${hex(xor)}`
  return `${name} set ${name} & ${hex(and)} ^ ${hex(xor)}`
}

/** Why a packet is not met: `th dport 443: the packet has 80`. `value`: the packet's, or that there is none. */
export const printRefusal = (
  refused: Statement,
  family: Family,
  value: (field: Field) => Bytes | 'unknown' | 'foreign',
): string => {
  const text = printStatement(refused, family)
  if ((refused.kind !== 'match' && refused.kind !== 'range') || refused.left.kind !== 'field') return text
  const bytes = value(refused.left.field)
  if (bytes === 'foreign') return `${text}: the packet has no such field`
  return bytes === 'unknown' ? text : `${text}: the packet has ${printValue(refused.left, bytes)}`
}

const printMatch = ({ left, op, right, mask }: Extract<Statement, { kind: 'match' }>): string => {
  const name = printExpression(left)
  const not = op === '!=' ? '!= ' : ''
  if (mask === undefined) return `${name} ${not}${printValue(left, right)}`
  if (left.kind === 'field' && isAddress(left.field))
    return `${name} ${not}${printValue(left, right)}/${prefixOf(mask)}`
  if (left.kind === 'field' && left.field.endsWith('ifname'))
    return `${name} ${not}"${right.slice(0, prefixOf(mask) / 8)}*"`
  // nft writes a test of one flag of a bit mask by its name alone
  if (left.kind === 'field' && (left.field === 'ct state' || left.field === 'ct status')) {
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
    case 'bitwise': {
      const { of, mask, xor } = expression
      return `${printExpression(of)} & ${hex(number(mask))}${isZero(xor) ? '' : ` ^ ${hex(number(xor))}`}`
    }
    case 'symhash':
      return `symhash mod ${expression.modulus}${printOffset(expression.offset)}`
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
