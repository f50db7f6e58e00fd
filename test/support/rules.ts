import { expect } from 'vitest'
import { addressBytes, formatAddress } from '../../src/model/address.ts'
import { evaluate } from '../../src/rules/evaluate.ts'
import type { Probe, Surroundings } from '../../src/rules/flow.ts'
import { one, sum } from '../../src/rules/fraction.ts'
import type { Chain, ElementValue, Hook, Rule, RuleSet, Statement, Table } from '../../src/rules/model.ts'
import type { EvaluateOptions, Outcome } from '../../src/rules/outcome.ts'
import { statisticOdds } from '../../src/rules/odds.ts'
import { jump } from '../../src/rules/terms.ts'

/** Short words to write rulesets and read their outcomes with. */

export const rule = (...statements: Statement[]): Rule => ({ statements })
export const jumpTo = (chain: string): Statement => jump({ verdict: 'jump', chain })
export const returns: Statement = jump({ verdict: 'return' })
export const hook = (name: Hook['hook'], priority = -100, type: Hook['type'] = 'nat'): Hook => ({
  type,
  hook: name,
  priority,
  policy: 'accept',
})
export const prerouting = (...rules: Rule[]): Chain => ({ name: 'prerouting', hook: hook('prerouting'), rules })
export const chain = (name: string, ...rules: Rule[]): Chain => ({ name, rules })

export const set = (name: string, elements: Record<string, ElementValue>, dynamic = false): RuleSet => {
  const map = new Map(Object.entries(elements))
  return { name, dynamic, get: (key) => map.get(key) }
}

export const table = (
  chains: readonly Chain[],
  sets: readonly RuleSet[] = [],
  name = 'nat',
  family: Table['family'] = 'ip',
): Table => ({
  family,
  name,
  chains: new Map(chains.map((one_) => [one_.name, one_])),
  sets: new Map(sets.map((one_) => [one_.name, one_])),
})

export const probe: Probe = {
  family: 'ip',
  saddr: addressBytes('10.0.0.1'),
  daddr: addressBytes('10.96.0.1'),
  protocol: 6,
  sport: null,
  dport: 80,
}
const around: Surroundings = { entry: 'prerouting', keeps: () => false, addressType: () => 1 }
export const ask = (
  tables: readonly Table[] | Table,
  more: Partial<Surroundings & Probe> = {},
  options: EvaluateOptions = {},
): Outcome => evaluate('family' in tables ? [tables] : tables, { ...probe, ...more }, { ...around, ...more }, options)

/** `-m statistic --mode random --probability p`, p as iptables-save prints it */
export const chance = (p: number): Statement => ({ kind: 'chance', odds: statisticOdds(p) })
export const unknown = (text: string): Statement => ({ kind: 'unknown', text })

export const dnat = (address: string, port = 8080): Statement => ({
  kind: 'dnat',
  address: addressBytes(address),
  port,
})
export const masquerade: Statement = { kind: 'masquerade', fullyRandom: false }

/** `verdict address:port masquerade? numerator/denominator` of every end */
export const ends = ({ ends: all }: Outcome): string[] => {
  expect(sum(all.map(({ odds }) => odds))).toEqual(one)
  return all.map(
    ({ verdict, daddr, dport, masquerade: masked, odds }) =>
      `${verdict} ${formatAddress(daddr)}:${dport}${masked ? ' masqueraded' : ''} ${odds.numerator}/${odds.denominator}`,
  )
}
