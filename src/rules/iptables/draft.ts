import type { Counters } from '../model.ts'
import type { BackEnd, Family, IptablesChain, IptablesTable, RuleLine } from './ruleset.ts'

/** A table while it is read. */
export interface TableDraft {
  /** '': rules stand there without their table */
  name: string
  /** the dump has `*nat`; a name that a command line says is no such */
  readonly named: boolean
  family: Family | null
  readonly backEnd: BackEnd | null
  readonly line: number
  complete: boolean
  readonly chains: Map<string, ChainDraft>
  /** target or chain → line of the first rule that leads there */
  readonly targets: Map<string, number>
  /** chain → packets that its callers counted; empty: no counters */
  readonly came: Map<string, number>
}

export interface ChainDraft {
  readonly name: string
  policy: IptablesChain['policy']
  counters?: Counters
  readonly line: number
  readonly lines: RuleLine[]
  /** packets that its busiest rule counted */
  most: number
}

export const tableDraft = (from: Pick<TableDraft, 'name' | 'named' | 'family' | 'backEnd' | 'line'>): TableDraft => ({
  ...from,
  complete: false,
  chains: new Map(),
  targets: new Map(),
  came: new Map(),
})

export const chainDraft = (name: string, line: number): ChainDraft => ({ name, policy: null, line, lines: [], most: 0 })

export const finishTable = (draft: TableDraft, file: string, family: Family): IptablesTable => {
  const { backEnd, line, complete, chains, targets } = draft
  const name = draft.name === '' ? guessName(chains, targets) : draft.name
  return {
    name,
    fragment: !draft.named && !hasItsHooks(name, chains),
    family: draft.family ?? family,
    backEnd,
    line,
    complete,
    file,
    chains,
  }
}

const hookOrder = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']

/** Does a chain that is listed now begin the next table? Built-in chains come first in a table, in the order of their hooks. */
export const beginsTable = ({ chains }: TableDraft, name: string, isBuiltIn: boolean): boolean => {
  if (chains.has(name)) return true
  if (!isBuiltIn) return false
  const before = [...chains.values()]
  return (
    before.some(({ policy }) => policy === null) ||
    before.some((chain) => hookOrder.indexOf(chain.name) > hookOrder.indexOf(name))
  )
}

/** Gives a table the name that the command or file of its listing says, unless it has built-in chains of another. */
export const nameTable = (draft: TableDraft | undefined, name: string): void => {
  const own = builtIn[name]
  if (draft === undefined || draft.name !== '' || own === undefined) return
  const listed = hookOrder.filter((hook) => draft.chains.has(hook))
  const possible = name === 'nat' ? [...own, 'INPUT'] : own
  // a listing of one chain, or of all
  const fits = listed.length < 2 || own.every((hook) => listed.includes(hook))
  if (fits && listed.every((hook) => possible.includes(hook))) draft.name = name
}

/** Every table has its own built-in chains; without them what the rules do tells. Where nothing says so it is filter. */
const guessName = (chains: TableDraft['chains'], targets: TableDraft['targets']): string => {
  const has = (name: string): boolean => chains.has(name)
  if (has('FORWARD')) return has('PREROUTING') || has('POSTROUTING') ? 'mangle' : 'filter'
  if (has('POSTROUTING')) return 'nat'
  if (has('PREROUTING') && has('OUTPUT') && !has('INPUT') && !translates(targets)) return 'raw'
  if (has('PREROUTING')) return 'nat'
  const services = [...chains.keys()].some((name) => /^KUBE-(SVC|SEP|XLB|SVL|EXT|FW|MARK-MASQ|NODEPORTS)/.test(name))
  return services || translates(targets) ? 'nat' : 'filter'
}

const translates = (targets: TableDraft['targets']): boolean =>
  ['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'KUBE-SERVICES', 'KUBE-MARK-MASQ'].some((target) => targets.has(target))

/** `iptables -S` and `-L` of a table show each of its built-in chains; of single chains only those. */
const hasItsHooks = (name: string, chains: TableDraft['chains']): boolean =>
  (builtIn[name] ?? []).every((chain) => (chains.get(chain)?.policy ?? null) !== null)

/** Without nat's INPUT, which older kernels lack. */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: hookOrder,
  nat: ['PREROUTING', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
}
