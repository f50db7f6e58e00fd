import type { NftExpr } from '../../kernel/nftables/types.ts'
import { prefixMask, reversed } from '../../rules/bytes.ts'
import { addressOffset } from '../../rules/print.ts'
import type { Bytes, Expression, Field, Key, Rule, Statement } from '../../rules/model.ts'

/**
 * The rule model in the kernel's words. What nft needs to list a rule well is how it would have written it itself: keys from
 * register 1 on without gaps, hashes computed from registers behind the key.
 */
export const lowerRule = (rule: Rule, family: 'ip' | 'ip6'): NftExpr[] =>
  rule.statements.flatMap((statement) => lowerStatement(statement, family))

const lowerStatement = (statement: Statement, family: 'ip' | 'ip6'): NftExpr[] => {
  switch (statement.kind) {
    case 'match':
      return lowerMatch(statement)
    case 'range': {
      const { left, low, high, negated } = statement
      if (isHostOrder(left)) throw new Error('the kernel compares ranges byte by byte: not for numbers of the machine')
      const from = registerBytes(left, low)
      const to = registerBytes(left, high)
      return [...load([left]), { name: 'range', sreg: register(0), op: negated ? 'neq' : 'eq', from, to }]
    }
    case 'lookup': {
      const { key, set, negated } = statement
      return [...load(key), { name: 'lookup', set, sreg: register(0), dreg: null, invert: negated }]
    }
    case 'vmap':
      return [...load(statement.key), { name: 'lookup', set: statement.map, sreg: register(0), dreg: 0, invert: false }]
    case 'dnat':
      return [
        { name: 'immediate', dreg: register(0), data: statement.address },
        {
          name: 'immediate',
          dreg: register(4),
          data: String.fromCharCode(statement.port >>> 8, statement.port & 0xff),
        },
        { name: 'nat', type: 'dnat', family, addressReg: register(0), portReg: register(4) },
      ]
    case 'dnat-map':
      return [
        ...load(statement.key),
        { name: 'lookup', set: statement.map, sreg: register(0), dreg: register(0), invert: false },
        { name: 'nat', type: 'dnat', family, addressReg: register(0), portReg: register(family === 'ip' ? 1 : 4) },
      ]
    case 'masquerade':
      return [{ name: 'masq', fullyRandom: statement.fullyRandom }]
    case 'mark':
      return lowerMark(statement.and, statement.xor)
    case 'update':
      return [
        ...load(statement.key),
        { name: 'dynset', set: statement.set, op: 'update', sregKey: register(0), timeoutMs: 0 },
      ]
    case 'counter':
      return [statement.name === undefined ? { name: 'counter' } : { name: 'objref', counter: statement.name }]
    case 'reject':
      return [{ name: 'reject', with: statement.with }]
    case 'jump':
      return [{ name: 'verdict', verdict: statement.jump }]
    case 'unknown':
      throw new Error(`cannot write a rule that was not understood: ${statement.text}`)
    default:
      throw new Error(`this plane writes no ${statement.kind}: it is read from the rules of others`)
  }
}

const lowerMatch = ({ left, op, right, mask }: Extract<Statement, { kind: 'match' }>): NftExpr[] => {
  const compare = (data: Bytes): NftExpr => ({ name: 'cmp', sreg: register(0), op: op === '==' ? 'eq' : 'neq', data })
  const loaded = load([left])
  if (mask === undefined) return [...loaded, compare(registerBytes(left, right))]
  const bits = registerBytes(left, mask)
  const bytes = wholeBytes(mask)
  const [read] = loaded
  // nft writes the beginning of a name ("veth*") as a comparison of so many bytes
  if (bytes !== null && read?.name === 'meta' && read.key.endsWith('ifname'))
    return [read, compare(right.slice(0, bytes))]
  // nft compares whole bytes of an address without a mask
  if (bytes !== null && read?.name === 'payload') return [{ ...read, len: bytes }, compare(right.slice(0, bytes))]
  return [...loaded, masking(bits, '\0'.repeat(bits.length)), compare(registerBytes(left, right))]
}

/** How many leading bytes a mask keeps, when it keeps whole ones and at least one; else null. */
const wholeBytes = (mask: Bytes): number | null => {
  const kept = mask.lastIndexOf('\xff') + 1
  return kept > 0 && mask === prefixMask(kept * 8, mask.length) ? kept : null
}

const masking = (mask: Bytes, xor: Bytes): NftExpr => ({
  name: 'bitwise',
  sreg: register(0),
  dreg: register(0),
  len: mask.length,
  mask,
  xor,
})

const lowerMark = (and: number, xor: number): NftExpr[] => {
  const set: NftExpr = { name: 'meta-set', key: 'mark', sreg: register(0) }
  if (and === 0) return [{ name: 'immediate', dreg: register(0), data: hostWord(xor) }, set]
  return [{ name: 'meta', key: 'mark', dreg: register(0) }, masking(hostWord(and), hostWord(xor)), set]
}

/** Register of the n-th 4-byte unit, as the kernel names it: NFT_REG_1…4 where 16 bytes begin, NFT_REG32_01… between. */
const register = (unit: number): number => (unit % 4 === 0 ? 1 + unit / 4 : 8 + unit)

/** Loads a key's parts one behind the other. */
const load = (key: Key): NftExpr[] => {
  const total = key.reduce((sum, part) => sum + units(part), 0)
  const expressions: NftExpr[] = []
  let at = 0
  for (const part of key) {
    expressions.push(...loadPart(part, at, total))
    at += units(part)
  }
  return expressions
}

/** `free`: the first unit behind the key, for what a hash is computed from. */
const loadPart = (part: Expression, unit: number, free: number): NftExpr[] => {
  const dreg = register(unit)
  switch (part.kind) {
    case 'field':
      return [loadField(part.field, dreg)]
    case 'octet':
      return [{ name: 'payload', dreg, base: 'network', offset: addressOffset[part.of] + part.at, len: 1 }]
    case 'numgen':
      return [{ name: 'numgen', dreg, mode: part.mode, modulus: part.modulus, offset: part.offset }]
    case 'jhash': {
      const { of, modulus, seed, offset } = part
      const expressions: NftExpr[] = []
      let at = free
      for (const source of of) {
        expressions.push(...loadPart(source, at, at + units(source)))
        at += units(source)
      }
      const len = of.length === 1 ? of.reduce((sum, source) => sum + width(source), 0) : (at - free) * 4
      return [...expressions, { name: 'jhash', sreg: register(free), dreg, len, modulus, seed, offset }]
    }
    default:
      throw new Error(`this plane writes no ${part.kind}: it is read from the rules of others`)
  }
}

const loadField = (name: Field, dreg: number): NftExpr => {
  switch (name) {
    case 'ip saddr':
      return { name: 'payload', dreg, base: 'network', offset: 12, len: 4 }
    case 'ip daddr':
      return { name: 'payload', dreg, base: 'network', offset: 16, len: 4 }
    case 'ip6 saddr':
      return { name: 'payload', dreg, base: 'network', offset: 8, len: 16 }
    case 'ip6 daddr':
      return { name: 'payload', dreg, base: 'network', offset: 24, len: 16 }
    case 'th sport':
      return { name: 'payload', dreg, base: 'transport', offset: 0, len: 2 }
    case 'th dport':
      return { name: 'payload', dreg, base: 'transport', offset: 2, len: 2 }
    case 'meta l4proto':
      return { name: 'meta', key: 'l4proto', dreg }
    case 'meta mark':
      return { name: 'meta', key: 'mark', dreg }
    case 'meta iifname':
      return { name: 'meta', key: 'iifname', dreg }
    case 'meta oifname':
      return { name: 'meta', key: 'oifname', dreg }
    case 'ct state':
      return { name: 'ct', key: 'state', dreg }
    case 'ct status':
      return { name: 'ct', key: 'status', dreg }
    case 'fib saddr type':
      return { name: 'fib', dreg, result: 'type', from: 'saddr' }
    case 'fib daddr type':
      return { name: 'fib', dreg, result: 'type', from: 'daddr' }
    default:
      throw new Error(`this plane reads no ${name}: only rules of others do`)
  }
}

/** Bytes of a value. */
const width = (expression: Expression): number => {
  if (expression.kind === 'octet') return 1
  if (expression.kind !== 'field') return 4
  switch (expression.field) {
    case 'ip6 saddr':
    case 'ip6 daddr':
    case 'meta iifname':
    case 'meta oifname':
      return 16
    case 'th sport':
    case 'th dport':
      return 2
    case 'meta l4proto':
      return 1
    default:
      return 4
  }
}

const units = (expression: Expression): number => Math.ceil(width(expression) / 4)

/** Numbers that the kernel keeps as numbers are little-endian in a register, on the machines that we run on. */
const registerBytes = (of: Expression, bytes: Bytes): Bytes => (isHostOrder(of) ? reversed(bytes) : bytes)

const isHostOrder = (of: Expression): boolean => {
  if (of.kind === 'octet') return false
  if (of.kind !== 'field') return true
  switch (of.field) {
    case 'meta mark':
    case 'ct state':
    case 'ct status':
    case 'fib saddr type':
    case 'fib daddr type':
      return true
    default:
      return false
  }
}

const hostWord = (value: number): Bytes =>
  String.fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
