import type { Table } from '../../../rules/model.ts'
import type { DumpProblem } from '../problem.ts'
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
  readonly #tables = new Map<string, TableBuilder>()
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

  /** One of a family that does not matter here is left out by name; of one that is listed twice the first counts. */
  add({ family, key, line, builder }: OpenTable): void {
    if (!isWanted(family)) {
      this.#omitted.push(key)
      return
    }
    const before = this.#tables.get(key)
    if (before === undefined) {
      this.#tables.set(key, builder)
      return
    }
    const same = before.fingerprint() === builder.fingerprint()
    const text = `table ${key} is listed twice${same ? '' : ', and not alike'}; the first counts`
    this.problem({ file: this.#file, text, ...(line === undefined ? {} : { line }), ...(same ? {} : { doubt: true }) })
  }

  finish(): NftRuleset {
    const problems = this.#problems.slice(0, MOST_PROBLEMS)
    const more = this.#problems.slice(MOST_PROBLEMS)
    if (more.length > 0)
      problems.push({
        file: this.#file,
        text: `${more.length} more problems`,
        ...(more.some(({ doubt }) => doubt) ? { doubt: true } : {}),
      })
    const kept = [...this.#tables].filter(([, builder]) => !builder.dormant)
    return {
      tables: kept.map(([, builder]) => builder.finish()),
      omitted: this.#omitted,
      iptables: new Set(kept.filter(([, builder]) => builder.iptables).map(([key]) => key)),
      problems,
    }
  }
}
