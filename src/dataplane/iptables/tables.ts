import { chainOf, createContext } from '../../rules/iptables/index.ts'
import type { Chain, Table } from '../../rules/model.ts'
import type { Program } from '../plane.ts'
import type { IptablesObject, RuleText } from './objects.ts'

/** A chain's rules by place. */
interface Draft {
  readonly head: RuleText[]
  readonly whole: RuleText[]
  readonly tail: RuleText[]
}

interface TableDraft {
  readonly family: Table['family']
  readonly name: string
  readonly chains: Map<string, Draft>
}

/** Programs as the rule model's tables. Rules are read when a packet first comes to their chain. */
export const tablesOf = (programs: Iterable<Program<IptablesObject>>): readonly Table[] => {
  const drafts = new Map<string, TableDraft>()
  const shared = new Set<string>()
  for (const { objects } of programs) {
    for (const object of objects) {
      if (object.kind === 'chain') {
        if (shared.has(object.key)) continue
        shared.add(object.key)
      }
      place(drafts, object)
    }
  }
  return Array.from(drafts.values(), tableOf)
}

const place = (drafts: Map<string, TableDraft>, object: IptablesObject): void => {
  const { family, table: name, chain } = object
  const key = `${family} ${name}`
  const draft = drafts.get(key) ?? { family, name, chains: new Map<string, Draft>() }
  drafts.set(key, draft)
  const rules = draft.chains.get(chain) ?? { head: [], whole: [], tail: [] }
  draft.chains.set(chain, rules)
  if (object.kind === 'chain') rules.whole.push(...object.rules)
  else if (object.kind === 'rule') rules[object.place].push(object.rule)
}

const tableOf = ({ family, name, chains }: TableDraft): Table => {
  const context = createContext()
  const parsed = Array.from(chains, ([chain, { head, whole, tail }]): [string, Chain] => {
    // of several at the head the one written last comes first
    const rules = [...head.toReversed(), ...whole, ...tail]
    return [chain, chainOf({ name: chain, table: name, rules }, context)]
  })
  return { family, name, chains: new Map(parsed), sets: context.sets }
}
