import { type DumpedRule, type NftDump, openForeign } from '../../../kernel/foreign/index.ts'
import type { Chain, Rule, RuleSet, Table } from '../../../rules/model.ts'
import { hookOf } from '../nft-rules/hooks.ts'
import { isIdle } from '../nft-rules/idle.ts'
import type { NftRuleset } from '../nft-rules/ruleset.ts'
import type { Links } from './comparisons.ts'
import { raiseRule } from './raise.ts'
import type { RaiseContext } from './context.ts'
import type { Value } from './registers.ts'
import { listedSet } from './sets.ts'

/** Where live rules are said to come from. */
const FILE = 'kernel nftables'

/**
 * nf_tables of this network namespace over netlink, whoever wrote them, with the extensions of iptables-nft. Nothing is written.
 * Throws KernelError: EPERM without CAP_NET_ADMIN, EINTR where the ruleset never stands still.
 */
export const readNftLive = async (): Promise<NftRuleset> => {
  using foreign = await openForeign()
  const links = await foreign.links()
  return rulesetOf(await foreign.nftDump(), links)
}

const hookNames = ['prerouting', 'input', 'forward', 'output', 'postrouting']
const builtIn = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])

/** A dump of the kernel in the rule model. */
export const rulesetOf = (dump: NftDump, links: Links): NftRuleset => {
  const keyOf = ({ family, table }: { family: string; table: string }): string => `${family} ${table}`
  const rules = Map.groupBy(dump.rules, keyOf)
  const chains = Map.groupBy(dump.chains, keyOf)
  const sets = Map.groupBy(dump.sets, ({ set }) => keyOf(set))
  const objects = Map.groupBy(dump.objects, keyOf)
  const tables: Table[] = []
  const omitted: string[] = []
  const iptables = new Set<string>()
  for (const of of dump.tables) {
    const { family, table, dormant } = of
    const key = keyOf(of)
    if (family !== 'ip' && family !== 'ip6' && family !== 'inet') omitted.push(key)
    else if (!dormant) {
      const its = chains.get(key) ?? []
      const live = new LiveTable(table, family, { sets: sets.get(key) ?? [], objects: objects.get(key) ?? [], links })
      tables.push(live.table(its, rules.get(key) ?? []))
      if (its.some(({ name, hook }) => hook !== null && builtIn.has(name))) iptables.add(key)
    }
  }
  return { tables, omitted, iptables, problems: [] }
}

interface TableParts extends Pick<NftDump, 'sets' | 'objects'> {
  readonly links: Links
}

class LiveTable implements RaiseContext {
  readonly family: Table['family']
  readonly links: Links
  readonly #name: string
  readonly #listed: ReadonlyMap<string, NftDump['sets'][number]>
  readonly #sets = new Map<string, RuleSet>()
  readonly #over: ReadonlySet<string>

  constructor(name: string, family: Table['family'], { sets, objects, links }: TableParts) {
    this.family = family
    this.#name = name
    this.links = links
    this.#over = new Set(objects.filter(({ over }) => over).map(({ type, name: object }) => `${type} ${object}`))
    this.#listed = new Map(sets.map((one) => [one.set.name, one]))
  }

  table(chains: NftDump['chains'], rules: readonly DumpedRule[]): Table {
    const byChain = Map.groupBy(rules, ({ chain }) => chain)
    const made = new Map<string, Chain>()
    for (const { name, hook } of chains) {
      const base =
        hook === null ? undefined : hookOf(hook.type, hookNames[hook.number] ?? '', hook.priority, hook.policy)
      const its = (byChain.get(name) ?? []).flatMap((rule) => this.#rule(rule))
      made.set(name, { name, file: FILE, rules: its, ...(base === undefined ? {} : { hook: base }) })
    }
    return { family: this.family, name: this.#name, chains: made, sets: this.#sets }
  }

  keyLength(set: string): number | undefined {
    return this.#listed.get(set)?.set.keyLength
  }

  isOver(type: number, name: string): boolean {
    return this.#over.has(`${type} ${name}`)
  }

  uses(name: string, key: readonly Value[]): void {
    const listed = this.#listed.get(name)
    if (listed === undefined || this.#sets.has(name)) return
    const { set, elements } = listed
    this.#sets.set(name, listedSet({ ...set, elements }, key, this.links))
  }

  anonymous(set: Omit<RuleSet, 'name'>): string {
    const name = `list ${this.#sets.size}`
    this.#sets.set(name, { ...set, name })
    return name
  }

  #rule({ handle, comment, expressions }: DumpedRule): readonly Rule[] {
    const { statements, counters } = raiseRule(expressions, this)
    if (isIdle(statements)) return []
    return [
      {
        statements,
        file: FILE,
        handle,
        ...(comment === '' ? {} : { comment }),
        ...(counters === undefined ? {} : { counters }),
      },
    ]
  }
}
