import type { IptablesFamily, SavedRule, SavedTable } from './types.ts'

interface Draft {
  readonly name: string
  readonly policy: string | null
  readonly rules: SavedRule[]
}

/** Reads what iptables-save prints, piece by piece as it comes. Throws an error that names the line. */
export class SaveReader {
  readonly #family: IptablesFamily
  readonly #command: string
  readonly #tables: SavedTable[] = []
  #chains: Map<string, Draft> | null = null
  #rest = ''
  #line = 0

  constructor(family: IptablesFamily, command: string) {
    this.#family = family
    this.#command = command
  }

  add(text: string): void {
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#read(this.#rest + text.slice(from, end))
      this.#rest = ''
      from = end + 1
    }
    this.#rest += text.slice(from)
  }

  /** After the last piece. */
  finish(): readonly SavedTable[] {
    if (this.#chains !== null || this.#rest !== '') this.#fail('ends before COMMIT')
    return this.#tables
  }

  #read(line: string): void {
    this.#line++
    switch (line[0]) {
      case undefined:
      case '#':
        return
      case '*': {
        const chains = new Map<string, Draft>()
        this.#chains = chains
        this.#tables.push({ family: this.#family, table: line.slice(1).trim(), chains })
        return
      }
      case ':':
        return this.#chain(line)
      case 'C':
        this.#chains = null
        return
      default:
        return this.#rule(line)
    }
  }

  #chain(line: string): void {
    const [name = '', policy = '-'] = line.slice(1).split(' ')
    if (this.#chains === null || name === '') this.#fail(`not understood: ${line}`)
    this.#chains.set(name, { name, policy: policy === '-' ? null : policy, rules: [] })
  }

  /** `[12:720] -A CHAIN …`, the counters where they were asked for */
  #rule(line: string): void {
    let from = 0
    let packets = 0
    if (line.startsWith('[')) {
      packets = Number(line.slice(1, line.indexOf(':')))
      from = line.indexOf('] ') + 2
    }
    const end = line.indexOf(' ', from + 3)
    const name = line.slice(from + 3, end < 0 ? undefined : end)
    const chain = line.startsWith('-A ', from) ? this.#chains?.get(name) : undefined
    if (chain === undefined) this.#fail(`not understood: ${line.slice(0, 200)}`)
    chain.rules.push({ rule: end < 0 ? '' : line.slice(end + 1), packets })
  }

  #fail(what: string): never {
    throw new Error(`${this.#command}: line ${this.#line}: ${what}`)
  }
}

/** Tables as iptables-save would print them, but for comments and counters. */
export const saveText = (tables: Iterable<SavedTable>): string => {
  const lines: string[] = []
  for (const { table, chains } of tables) {
    lines.push(`*${table}`)
    for (const { name, policy } of chains.values()) lines.push(`:${name} ${policy ?? '-'} [0:0]`)
    for (const { name, rules } of chains.values())
      for (const { rule } of rules) lines.push(`-A ${name} ${rule}`.trimEnd())
    lines.push('COMMIT')
  }
  return lines.map((line) => `${line}\n`).join('')
}
