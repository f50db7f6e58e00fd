import type { Fraction } from '../model/packet.ts'
import { number, padded, u16, u32, u8 } from './bytes.ts'
import type { Flow, Sender, Surroundings } from './flow.ts'
import { fraction, multiply, one, sum } from './fraction.ts'
import { jhash, scaled } from './jhash.ts'
import type { Bytes, Expression, Field, Key } from './model.ts'
import { oddsBetween } from './odds.ts'

/** Beyond this many values an expression is not spelled out: the answer becomes partial. */
export const MOST_VALUES = 1 << 17

export interface Value {
  readonly bytes: Bytes
  readonly odds: Fraction
}

/**
 * What an expression may be for a flow, with the odds of each value. `unknown`: the packet as asked does not say.
 * `foreign`: a field that this packet does not have (`ip6 saddr` of an IPv4 packet): the rule does not match.
 */
export type Values =
  | { readonly kind: 'known'; readonly values: readonly Value[]; readonly assumed?: string }
  | { readonly kind: 'unknown' | 'foreign' }

const NEW = 8
const STATUS_SRC_NAT = 0x10
const STATUS_DST_NAT = 0x20

const unknown = { kind: 'unknown' } as const
const foreign = { kind: 'foreign' } as const

export const fieldBytes = (
  field: Field,
  flow: Flow,
  sender: Sender,
  around: Surroundings,
): Bytes | 'unknown' | 'foreign' => {
  switch (field) {
    case 'ip saddr':
      return sender.family === 'ip' ? sender.saddr : 'foreign'
    case 'ip6 saddr':
      return sender.family === 'ip6' ? sender.saddr : 'foreign'
    case 'ip daddr':
      return sender.family === 'ip' ? flow.daddr : 'foreign'
    case 'ip6 daddr':
      return sender.family === 'ip6' ? flow.daddr : 'foreign'
    case 'meta l4proto':
      return u8(sender.protocol)
    case 'th sport':
      return sender.sport === null ? 'unknown' : u16(sender.sport)
    case 'th dport':
      return u16(flow.dport)
    case 'meta mark':
      return u32(flow.mark)
    case 'ct state':
      return u32(around.ctState ?? NEW)
    case 'ct status':
      return u32((flow.dnat ? STATUS_DST_NAT : 0) | (flow.masquerade ? STATUS_SRC_NAT : 0))
    case 'fib saddr type':
      return u32(around.addressType(sender.saddr))
    case 'fib daddr type':
      return u32(around.addressType(flow.daddr))
    case 'meta iifname':
    case 'meta oifname':
      return around.fields?.[field] ?? 'unknown'
  }
}

/** The values of one expression; a number generator gives as many as its modulus. */
export const valuesOf = (expression: Expression, flow: Flow, sender: Sender, around: Surroundings): Values => {
  switch (expression.kind) {
    case 'field': {
      const bytes = fieldBytes(expression.field, flow, sender, around)
      if (bytes === 'unknown') return unknown
      return bytes === 'foreign' ? foreign : certain(bytes)
    }
    case 'octet': {
      const bytes = fieldBytes(expression.of, flow, sender, around)
      return bytes === 'foreign' ? foreign : certain(bytes.charAt(expression.at))
    }
    case 'numgen': {
      const { mode, modulus, offset } = expression
      return spread(modulus, offset, (value) => oddsBetween(mode, modulus, value, value))
    }
    case 'jhash': {
      const of = keyValues(expression.of, flow, sender, around)
      const { modulus, offset, seed } = expression
      if (of.kind === 'known')
        return {
          kind: 'known',
          values: of.values.map(({ bytes, odds }) => ({
            bytes: u32(scaled(jhash(bytes, seed), modulus) + offset),
            odds,
          })),
        }
      if (of.kind === 'foreign') return of
      // a good hash of what is not known gives every value equally often
      const equally = fraction(1n, BigInt(modulus))
      const values = spread(modulus, offset, () => equally)
      return values.kind === 'known' ? { ...values, assumed: 'the hash spreads source ports evenly' } : values
    }
  }
}

/** A concatenation: every part padded to 4 bytes, unless there is only one. */
export const keyValues = (key: Key, flow: Flow, sender: Sender, around: Surroundings): Values => {
  const [only] = key
  if (key.length === 1 && only !== undefined) return valuesOf(only, flow, sender, around)
  let values: readonly Value[] = [{ bytes: '', odds: one }]
  let assumed: string | undefined
  for (const part of key) {
    const next = valuesOf(part, flow, sender, around)
    if (next.kind !== 'known') return next
    if (values.length * next.values.length > MOST_VALUES) return unknown
    assumed ??= next.assumed
    values = values.flatMap((head) =>
      next.values.map((tail) => ({ bytes: head.bytes + padded(tail.bytes), odds: multiply(head.odds, tail.odds) })),
    )
  }
  return assumed === undefined ? { kind: 'known', values } : { kind: 'known', values, assumed }
}

/** Odds that `low <= expression <= high`, without spelling a number generator's values out. */
export const oddsWithin = (
  expression: Expression,
  low: Bytes,
  high: Bytes,
  flow: Flow,
  sender: Sender,
  around: Surroundings,
): Fraction | 'unknown' | 'foreign' => {
  if (expression.kind === 'numgen') {
    const { mode, modulus, offset } = expression
    const first = Math.max(0, number(low) - offset)
    const last = Math.min(modulus - 1, number(high) - offset)
    return oddsBetween(mode, modulus, first, last)
  }
  const values = valuesOf(expression, flow, sender, around)
  if (values.kind !== 'known') return values.kind
  return sum(values.values.filter(({ bytes }) => bytes >= low && bytes <= high).map(({ odds }) => odds))
}

const certain = (bytes: Bytes): Values => ({ kind: 'known', values: [{ bytes, odds: one }] })

const spread = (modulus: number, offset: number, odds: (value: number) => Fraction): Values => {
  if (modulus > MOST_VALUES) return unknown
  return {
    kind: 'known',
    values: Array.from({ length: modulus }, (_, value) => ({ bytes: u32(value + offset), odds: odds(value) })),
  }
}
