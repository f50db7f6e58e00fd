import type { Table } from '../../../rules/model.ts'
import type { DumpProblem } from '../problem.ts'
import { joinTables, keyOf, type NftTable } from './join.ts'
import type { NftRuleset } from './ruleset.ts'
import { TableBuilder } from './table.ts'

/** Beyond so many, problems are counted and not told. */
const MOST_PROBLEMS = 100

const isWanted = (family: string): family is Table['family'] => family === 'ip' || family === 'ip6' || family === 'inet'

export interface OpenTable {
  readonly family: string
  /** `ip nat` */
  readonly key: string
  readonly line: number | undefined
  readonly builder: TableBuilder
}

/** Puts a ruleset together, one table after the other. */
export class RulesetBuilder {
  readonly #file: string
  readonly #tables: NftTable[] = []
  readonly #omitted: string[] = []
  readonly #problems: DumpProblem[] = []

  constructor(file: string) {
    this.#file = file
  }

  problem(problem: DumpProblem): void {
    this.#problems.push(problem)
  }

  /** Begins a table; it counts from `add` on. */
  table(family: string, name: string, line: number | undefined, iptables: boolean): OpenTable {
    const of = { family: isWanted(family) ? family : 'inet', name } as const
    const problems = isWanted(family) ? this.#problems : []
    return { family, key: `${family} ${name}`, line, builder: new TableBuilder(of, this.#file, problems, iptables) }
  }

  /** One of a family that does not matter here is left out by name; pieces of one table become one. */
  add({ family, key, line, builder }: OpenTable): void {
    if (!isWanted(family)) {
      this.#omitted.push(key)
      return
    }
    if (builder.dormant) return
    this.#tables.push({
      table: builder.finish(),
      iptables: builder.iptables,
      file: this.#file,
      ...(line === undefined ? {} : { line }),
    })
  }

  finish(): NftRuleset {
    const tables = joinTables(this.#tables, (problem) => this.problem(problem))
    const problems = this.#problems.slice(0, MOST_PROBLEMS)
    const more = this.#problems.slice(MOST_PROBLEMS)
    if (more.length > 0)
      problems.push({
        file: this.#file,
        text: `${more.length} more problems`,
        ...(more.some(({ doubt }) => doubt) ? { doubt: true } : {}),
      })
    return {
      tables: tables.map(({ table }) => table),
      omitted: this.#omitted,
      iptables: new Set(tables.filter(({ iptables }) => iptables).map(keyOf)),
      problems,
    }
  }
}
