import type { Table } from '../../../rules/model.ts'
import type { DumpProblem } from '../problem.ts'
import { joinPieces } from './pieces.ts'
import type { NftRuleset } from './ruleset.ts'

/** A table as one listing has it. */
export interface NftTable {
  readonly table: Table
  /** iptables-nft's */
  readonly iptables: boolean
  readonly file: string
  readonly line?: number
}

/** `ip nat` */
export const keyOf = ({ table: { family, name } }: Pick<NftTable, 'table'>): string => `${family} ${name}`

/** One for each table that is listed several times; pieces of it (`nft list chain`, `nft list map`) make one. Of two that contradict each other the larger counts. */
export const joinTables = (
  listed: readonly NftTable[],
  complain: (problem: DumpProblem) => void,
): readonly NftTable[] => {
  const tables = new Map<string, NftTable>()
  const inPieces = new Set<string>()
  for (const next of listed) {
    const key = keyOf(next)
    const before = tables.get(key)
    tables.set(key, before === undefined ? next : joined(before, next, inPieces, complain))
  }
  return [...tables.values()]
}

const joined = (
  before: NftTable,
  next: NftTable,
  inPieces: Set<string>,
  complain: (problem: DumpProblem) => void,
): NftTable => {
  const { file, line } = next.file === '' ? before : next
  const tell = (text: string, doubt: boolean): void =>
    complain({ file, text, ...(line !== undefined && { line }), ...(doubt && { doubt }) })
  const pieces = joinPieces(before.table, next.table)
  const twice = `table ${keyOf(next)} is listed twice`
  if (pieces.kind === 'joined') {
    if (pieces.same) tell(`${twice}; the first counts`, false)
    else if (!inPieces.has(keyOf(next)))
      tell(
        `table ${keyOf(next)} is here in pieces, more may be missing: give the whole output of nft list ruleset`,
        true,
      )
    if (!pieces.same) inPieces.add(keyOf(next))
    return { ...before, table: pieces.table, iptables: before.iptables || next.iptables }
  }
  const larger = next.table.chains.size > before.table.chains.size ? next : before
  const place = larger.line === undefined ? larger.file : `${larger.file}:${larger.line}`
  tell(`${twice}, and not alike: that of ${place} counts. Dumps of several nodes belong in files of their own`, true)
  return larger
}

/** Several listings of one node's nf_tables as one. */
export const joinNft = (rulesets: readonly NftRuleset[]): NftRuleset => {
  const problems = rulesets.flatMap((ruleset) => ruleset.problems)
  const tables = joinTables(
    rulesets.flatMap(({ tables: its, iptables }) =>
      its.map((table) => {
        const first = [...table.chains.values()].find(({ file }) => file !== undefined)
        return {
          table,
          iptables: iptables.has(keyOf({ table })),
          file: first?.file ?? '',
          ...(first?.line !== undefined && { line: first.line }),
        }
      }),
    ),
    (problem) => problems.push(problem),
  )
  return {
    tables: tables.map(({ table }) => table),
    omitted: rulesets.flatMap(({ omitted }) => omitted),
    iptables: new Set(tables.filter(({ iptables }) => iptables).map(keyOf)),
    problems,
  }
}
