import { iptablesHook } from '../netfilter-hooks.ts'
import type { Chain, Rule, Table } from '../model.ts'
import { createContext, type Ipset, type RuleContext } from './context.ts'
import { groupDoubles, lastOf } from './doubles.ts'
import { readLine } from './lines.ts'
import type { IptablesChain, IptablesRuleset, IptablesTable } from './ruleset.ts'

/**
 * The tables as the evaluator walks them. Those of legacy and nft stay apart: packets go through both. Rules that look into ipsets get
 * those of `ipsets`; without their set they are not understood. Chains are read when a packet first comes to them.
 */
export const tablesOf = (
  { tables }: IptablesRuleset,
  ipsets: ReadonlyMap<string, Ipset> = new Map(),
): readonly Table[] => {
  const context = createContext(ipsets)
  for (const [name, set] of ipsets) context.sets.set(name, set)
  return Array.from(groupDoubles(tables).values(), lastOf).flatMap((table) =>
    table === undefined ? [] : [tableOf(table, context)],
  )
}

const tableOf = (table: IptablesTable, context: RuleContext): Table => ({
  family: table.family,
  name: table.name,
  chains: new Map(Array.from(table.chains, ([name, chain]) => [name, modelChain(table, chain, context)])),
  // grows as chains are read
  sets: context.sets,
})

const modelChain = ({ name: table, file }: IptablesTable, chain: IptablesChain, context: RuleContext): Chain => {
  const { name, policy, counters, line, lines } = chain
  const hook = iptablesHook(table, name, policy === 'DROP' ? 'drop' : 'accept')
  let read: readonly Rule[] | undefined
  return {
    name,
    file,
    line,
    ...(hook && { hook }),
    ...(counters && { counters }),
    get rules() {
      read ??= lines.map((one) => readLine(name, one, { file, context }))
      return read
    },
  }
}
