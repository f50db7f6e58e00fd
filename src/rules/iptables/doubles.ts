import type { ProblemList } from './problems.ts'
import type { IptablesTable } from './ruleset.ts'

/**
 * Tables that one kernel cannot have twice: of one family, back end and name. One whose back end its listing does not say (`iptables -S`)
 * is of the only one that others say.
 */
export const groupDoubles = (tables: readonly IptablesTable[]): ReadonlyMap<string, readonly IptablesTable[]> => {
  const [only, ...more] = new Set(tables.map(({ backEnd }) => backEnd).filter((backEnd) => backEnd !== null))
  const fallback = more.length === 0 ? (only ?? '') : ''
  return Map.groupBy(tables, ({ family, backEnd, name }) => `${family} ${backEnd ?? fallback} ${name}`)
}

/** The later one counts, unless it was cut and an earlier one was not. */
export const lastOf = (tables: readonly IptablesTable[]): IptablesTable | undefined =>
  tables.findLast(({ complete }) => complete) ?? tables.at(-1)

export const noteDoubles = (tables: readonly IptablesTable[], problems: ProblemList): void => {
  for (const group of groupDoubles(tables).values()) {
    const [first] = group
    const last = lastOf(group)
    if (group.length < 2 || first === undefined || last === undefined) continue
    const files = new Set(group.map(({ file }) => file))
    const place = ({ file, line }: IptablesTable): string => (files.size > 1 ? `${file}:${line}` : `line ${line}`)
    const differ = group.some((table) => !sameRules(table, first))
    const what = differ
      ? 'with different rules: that of'
      : group.some((table) => !sameCounters(table, first))
        ? 'with the same rules and other counters: those of'
        : null
    const taken = `${what} ${place(last)} ${differ ? 'is' : 'are'} taken. Dumps of several nodes belong in files of their own`
    problems.add(
      last.line,
      `table ${last.name} of ${last.family} is here ${group.length} times (${group.map(place).join(', ')}), ${what === null ? 'with the same rules' : taken}`,
      differ,
    )
  }
}

const sameRules = (a: IptablesTable, b: IptablesTable): boolean => {
  if (a.chains.size !== b.chains.size) return false
  for (const [name, chain] of a.chains) {
    const other = b.chains.get(name)
    if (other?.lines.length !== chain.lines.length || other.policy !== chain.policy) return false
    if (!chain.lines.every(({ text }, index) => bare(text) === bare(other.lines[index]?.text ?? ''))) return false
  }
  return true
}

/** Of tables with the same rules. */
const sameCounters = (a: IptablesTable, b: IptablesTable): boolean =>
  Array.from(a.chains).every(([name, chain]) =>
    chain.lines.every(({ text }, index) => text === b.chains.get(name)?.lines[index]?.text),
  )

/** Without counters. */
const bare = (text: string): string => text.replace(/^\[\d+:\d+\] /, '')
