import type { NftElement, NftSet } from '../../kernel/nftables/types.ts'
import { reversed } from '../../rules/bytes.ts'
import type { Bytes, Chain, ElementValue, Rule, RuleSet, Table } from '../../rules/model.ts'
import type { Program } from '../plane.ts'
import type { ChainObject, NftObject } from './objects.ts'

interface Draft {
  readonly family: Table['family']
  readonly name: string
  readonly chains: Map<string, Chain>
  readonly sets: Map<string, NftSet>
  readonly elements: Map<string, Map<Bytes, NftElement>>
}

/** Programs as the rule model's tables. */
export const tablesOf = (programs: Iterable<Program<NftObject>>): readonly Table[] => {
  const drafts = new Map<string, Draft>()
  for (const { objects } of programs) {
    for (const object of objects) {
      const key = `${object.family} ${object.table}`
      const draft = drafts.get(key) ?? emptyDraft(object)
      drafts.set(key, draft)
      place(draft, object)
    }
  }
  return Array.from(drafts.values(), ({ family, name, chains, sets, elements }) => {
    const ruleSets = Array.from(sets.values(), (set) => [set.name, ruleSet(set, elements.get(set.name))] as const)
    return { family, name, chains, sets: new Map(ruleSets) }
  })
}

const emptyDraft = ({ family, table }: NftObject): Draft => ({
  family: family === 'ip6' ? 'ip6' : 'ip',
  name: table,
  chains: new Map(),
  sets: new Map(),
  elements: new Map(),
})

const place = ({ chains, sets, elements }: Draft, object: NftObject): void => {
  switch (object.kind) {
    case 'chain':
      chains.set(object.chain.name, chainOf(object))
      return
    case 'set':
      sets.set(object.set.name, object.set)
      return
    case 'element': {
      const known = elements.get(object.set)
      if (known) known.set(object.element.key, object.element)
      else elements.set(object.set, new Map([[object.element.key, object.element]]))
      return
    }
    case 'table':
    case 'counter':
      return
  }
}

const chainOf = ({ chain, rules }: ChainObject): Chain => {
  const model: readonly Rule[] =
    'model' in rules
      ? rules.model
      : rules.observed.map((_, index) => ({
          statements: [{ kind: 'unknown', text: `rule ${index + 1} as a kernel has it` }],
        }))
  const { name, hook } = chain
  if (hook === null) return { name, rules: model }
  const { type, hook: at, priority, policy } = hook
  return { name, rules: model, hook: { type: type === 'nat' ? 'nat' : 'filter', hook: at, priority, policy } }
}

const nothing: ReadonlyMap<Bytes, NftElement> = new Map()

const ruleSet = (set: NftSet, elements: ReadonlyMap<Bytes, NftElement> = nothing): RuleSet => {
  const { name, dynamic } = set
  if (set.interval) {
    const ranges = [...elements.values()]
    const get = (key: Bytes): ElementValue | undefined => {
      const range = ranges.find((one) => key >= one.key && key <= (one.keyEnd ?? one.key))
      return range && elementValue(range)
    }
    return { name, dynamic, get }
  }
  // slots are numbers of the machine in the kernel, big-endian in the model
  const slotted = set.key.at(-1) === 'slot'
  const get = (key: Bytes): ElementValue | undefined => {
    const element = elements.get(slotted ? key.slice(0, -4) + reversed(key.slice(-4)) : key)
    return element && elementValue(element)
  }
  return { name, dynamic, get }
}

const elementValue = ({ data, verdict }: NftElement): ElementValue => {
  if (verdict !== undefined) return { to: 'jump', jump: verdict }
  return data === undefined ? { to: 'member' } : { to: 'data', data }
}
