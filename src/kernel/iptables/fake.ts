import { saveText } from './save.ts'
import { type IptablesFamily, type RestoreBlock, RestoreError, type SavedRule, type SavedTable } from './types.ts'

interface FakeChain {
  readonly policy: string | null
  readonly rules: readonly string[]
}

type FakeTable = ReadonlyMap<string, FakeChain>

const builtIn: Readonly<Record<string, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
}

/**
 * Tables in memory, as iptables-restore --noflush changes them: a block is done as a whole or not at all, a rule's jump must lead
 * somewhere, and a chain that rules lead to cannot be deleted.
 */
export class FakeTables {
  readonly #tables = new Map<string, FakeTable>()
  /** packets by `family table chain rule` */
  readonly #packets = new Map<string, number>()

  /** Throws RestoreError; `done` is 0: of this block nothing is in force. */
  commit({ family, table, lines }: RestoreBlock): void {
    const key = `${family} ${table}`
    const draft = new Map(this.#tables.get(key) ?? emptyTable(table))
    for (const line of lines) apply(draft, line)
    for (const [chain, { rules }] of draft)
      for (const rule of rules) {
        const target = targetOf(rule)
        if (/^(KUBE|EVENKEEL)-/.test(target ?? '') && !draft.has(target ?? ''))
          throw refused(`-A ${chain} ${rule}`, 'ENOENT', `Chain '${target}' does not exist`)
      }
    this.#tables.set(key, draft)
  }

  save(family: IptablesFamily, tables: readonly string[], counters: boolean): SavedTable[] {
    return tables.flatMap((table) => {
      const chains = this.#tables.get(`${family} ${table}`)
      if (chains === undefined) return []
      const saved = [...chains].map(([name, { policy, rules }]) => {
        const withCounts = rules.map((rule): SavedRule => {
          const packets = this.#packets.get(`${family} ${table} ${name} ${rule}`) ?? 0
          return { rule, packets: counters ? packets : 0 }
        })
        return [name, { name, policy, rules: withCounts }] as const
      })
      return [{ family, table, chains: new Map(saved) }]
    })
  }

  /** Packets that matched a rule. */
  hit(family: IptablesFamily, table: string, chain: string, rule: string, packets: number): void {
    const key = `${family} ${table} ${chain} ${rule}`
    this.#packets.set(key, (this.#packets.get(key) ?? 0) + packets)
  }

  /** All of it, as iptables-save and ip6tables-save print it. */
  dump(): string {
    return (['ip', 'ip6'] as const)
      .map((family) => `# ${family}\n${saveText(this.save(family, Object.keys(builtIn).sort(), false))}`)
      .join('')
  }
}

const emptyTable = (table: string): FakeTable =>
  new Map((builtIn[table] ?? []).map((name) => [name, { policy: 'ACCEPT', rules: [] }]))

const apply = (table: Map<string, FakeChain>, line: string): void => {
  const [verb = '', name = ''] = line.split(' ', 2)
  const rule = line.slice(verb.length + name.length + 2)
  const chain = table.get(verb.startsWith(':') ? verb.slice(1) : name)
  if (verb.startsWith(':')) {
    table.set(verb.slice(1), { policy: chain?.policy ?? null, rules: [] })
    return
  }
  if (verb === '-N') {
    if (chain !== undefined) throw refused(line, 'EEXIST', 'Chain already exists')
    table.set(name, { policy: null, rules: [] })
    return
  }
  if (chain === undefined) throw refused(line, 'ENOENT', 'No chain/target/match by that name')
  table.set(name, { ...chain, rules: changed(chain.rules, verb, rule, line) })
  if (verb !== '-X') return
  if (chain.rules.length > 0 || [...table.values()].some(({ rules }) => rules.some((one) => targetOf(one) === name)))
    throw refused(line, 'EBUSY', `CHAIN_DEL failed (Device or resource busy): chain ${name}`)
  table.delete(name)
}

const changed = (rules: readonly string[], verb: string, rule: string, line: string): readonly string[] => {
  switch (verb) {
    case '-A':
      return [...rules, rule]
    case '-I':
      return [rule, ...rules]
    case '-X':
      return rules
    case '-D': {
      const at = rules.indexOf(rule)
      if (at < 0) throw refused(line, 'ENOENT', 'Bad rule (does a matching rule exist in that chain?)')
      return rules.toSpliced(at, 1)
    }
    default:
      throw refused(line, 'EINVAL', `not understood: ${verb}`)
  }
}

const targetOf = (rule: string): string | undefined => /(?:^| )-[jg] (\S+)/.exec(rule)?.[1]

const refused = (line: string, errno: string, detail: string): RestoreError =>
  new RestoreError({ operation: 'iptables-restore', errno, detail, object: line, done: 0, line })
