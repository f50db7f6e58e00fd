import type { Chain, Rule, RuleSet, Statement, Table } from '../../../rules/model.ts'

/** Two listings of one table. */
export type Pieces =
  /** `same`: the second says nothing new; else it has chains or sets that the first lacks (`nft list chain`, `nft list map`) */
  | { readonly kind: 'joined'; readonly table: Table; readonly same: boolean }
  /** they contradict each other: two nodes, or two moments */
  | { readonly kind: 'differ' }

/** One table of two listings of it, where they agree in what both have, whatever their counters say. */
export const joinPieces = (first: Table, second: Table): Pieces => {
  const news = { chains: new Map<string, Chain>(), sets: new Map<string, RuleSet>() }
  for (const [name, chain] of second.chains) {
    const before = first.chains.get(name)
    if (before === undefined) news.chains.set(name, chain)
    else if (chainText(before, first) !== chainText(chain, second)) return { kind: 'differ' }
  }
  for (const [name, set] of second.sets) {
    if (isAnonymous(name)) continue
    const before = first.sets.get(name)
    if (before === undefined) news.sets.set(name, set)
    else if (setText(before) !== setText(set) || before.intervals === true) return { kind: 'differ' }
  }
  if (news.chains.size === 0 && news.sets.size === 0) return { kind: 'joined', table: first, same: true }
  const chains = new Map(first.chains)
  const sets = new Map([...first.sets, ...news.sets])
  const rename = (name: string): string => {
    if (!isAnonymous(name)) return name
    const fresh = `${name}+${first.sets.size}`
    const set = second.sets.get(name)
    if (set !== undefined) sets.set(fresh, set)
    return fresh
  }
  for (const [name, chain] of news.chains) chains.set(name, { ...chain, rules: chain.rules.map(renamed(rename)) })
  return { kind: 'joined', table: { ...first, chains, sets }, same: false }
}

const isAnonymous = (name: string): boolean => name.startsWith('__set')

/** Sets without a name are numbered in each listing anew. */
const renamed =
  (rename: (name: string) => string) =>
  (rule: Rule): Rule => ({ ...rule, statements: rule.statements.map((statement) => withSet(statement, rename)) })

const withSet = (statement: Statement, rename: (name: string) => string): Statement => {
  switch (statement.kind) {
    case 'lookup':
    case 'update':
      return { ...statement, set: rename(statement.set) }
    case 'vmap':
    case 'dnat-map':
      return { ...statement, map: rename(statement.map) }
    default:
      return statement
  }
}

const chainText = ({ hook, rules }: Chain, { sets }: Table): string =>
  text([
    hook,
    rules.map(({ statements }) =>
      statements.map((statement) => withSet(statement, (name) => (isAnonymous(name) ? setText(sets.get(name)) : name))),
    ),
  ])

/** Timed sets that packets fill are of their moment. */
const setText = (set: RuleSet | undefined): string => {
  if (set === undefined || set.dynamic) return ''
  const elements = Array.from(set.entries?.() ?? [])
  elements.sort(([a], [b]) => (a < b ? -1 : 1))
  return text(elements.map(([key, value]) => [key, value.to === 'data' ? value.data : value]))
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}` : one))
