import { chainOf, createContext, type RuleContext } from '../../rules/iptables/index.ts'
import type { Chain, Table } from '../../rules/model.ts'
import type { Program } from '../plane.ts'
import { isShared } from './identity.ts'
import type { IptablesObject, RuleText } from './objects.ts'

/** A chain's rules that are objects of their own, by place. */
interface Draft {
  readonly head: RuleText[]
  readonly tail: RuleText[]
}

interface TableDraft {
  readonly family: Table['family']
  readonly name: string
  readonly context: RuleContext
  readonly chains: Map<string, Chain>
  readonly drafts: Map<string, Draft>
}

/** Programs as the rule model's tables. Rules are read when a packet first comes to their chain. */
export const tablesOf = (programs: Iterable<Program<IptablesObject>>): readonly Table[] => {
  const tables = new Map<string, TableDraft>()
  const shared = new Set<string>()
  for (const { objects } of programs) {
    for (const object of objects) {
      if (object.kind === 'rule' && isShared(object)) {
        if (shared.has(object.key)) continue
        shared.add(object.key)
      }
      place(tableFor(tables, object), object)
    }
  }
  return Array.from(tables.values(), tableOf)
}

const tableFor = (tables: Map<string, TableDraft>, { family, table: name }: IptablesObject): TableDraft => {
  const key = `${family} ${name}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const made = {
    family,
    name,
    context: createContext(),
    chains: new Map<string, Chain>(),
    drafts: new Map<string, Draft>(),
  }
  tables.set(key, made)
  return made
}

const place = ({ name: table, context, chains, drafts }: TableDraft, object: IptablesObject): void => {
  const { chain: name } = object
  if (object.kind === 'chain') {
    if (!chains.has(name)) chains.set(name, chainOf({ name, table, rules: object.rules }, context))
    return
  }
  const draft = drafts.get(name) ?? { head: [], tail: [] }
  drafts.set(name, draft)
  if (object.kind === 'rule') draft[object.place].push(object.rule)
}

const tableOf = ({ family, name, context, chains, drafts }: TableDraft): Table => {
  for (const [chain, { head, tail }] of drafts) {
    // of several at the head the one written last comes first
    chains.set(chain, chainOf({ name: chain, table: name, rules: [...head.toReversed(), ...tail] }, context))
  }
  return { family, name, chains, sets: context.sets }
}
