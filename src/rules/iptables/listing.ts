import { beginsTable, chainDraft, finishTable, nameTable, type TableDraft, tableDraft } from './draft.ts'
import { createContext } from './context.ts'
import { countersOff } from './counters.ts'
import { BLIND } from './blind.ts'
import { noteDoubles } from './doubles.ts'
import { LOOSE_CHAINS } from './fragments.ts'
import { familyOfRule } from './lines.ts'
import { type Columns, columnsOf, type Row, rowOf } from './listing-rows.ts'
import { parseListingWords } from './listing-words.ts'
import { isNoise, isRefusal, refused, withoutStamp } from './noise.ts'
import { type ProblemList, problemList } from './problems.ts'
import { parseRule } from './rule.ts'
import type { Family, IptablesRuleset } from './ruleset.ts'
import type { SaveOptions } from './save.ts'
import { isTarget } from './targets.ts'
import { printWord } from './words.ts'

/**
 * Reads what `iptables -nvL` prints (also with --line-numbers, -x, -t TABLE, several tables one after the other). It shows less than
 * iptables-save: not the name of the table, without -v no interfaces, without -n names for numbers; what that makes uncertain is in
 * `problems`. Never throws.
 */
export const parseListing = (text: string, file: string, options: SaveOptions = {}): IptablesRuleset => {
  const reader = new ListingReader(file)
  for (const line of text.split('\n')) reader.line(line)
  return reader.end(options)
}

const chainLine = /^Chain (\S+) \((?:policy (\w+)(?: (\S+) packets, (\S+) bytes)?|(\d+) references?)\)/

class ListingReader {
  readonly #file: string
  readonly #problems: ProblemList
  readonly #tables: TableDraft[] = []
  readonly #context = createContext()
  #chain: ReturnType<typeof chainDraft> | null = null
  #columns: Columns | null = null
  #number = 0
  /** of a command line in the listing: `iptables -t nat -nvL` */
  #named: { readonly table: string; readonly family: Family } | null = null
  #blind = false

  constructor(file: string) {
    this.#file = file
    this.#problems = problemList(file)
  }

  line(raw: string): void {
    this.#number++
    const line = withoutStamp(raw.replaceAll('\0', '').trim())
    if (line === '') return
    const chain = chainLine.exec(line)
    if (chain !== null) this.#begin(chain)
    else if (/^(?:num\s+)?(?:pkts\s+bytes\s+)?target\s+prot/.test(line)) this.#columns = columnsOf(line)
    else if (isRefusal(line) && !line.includes('/*')) this.#problems.add(this.#number, refused(line), true)
    else if (line.startsWith('#')) this.#comment(line)
    else if (this.#chain !== null && this.#columns !== null) this.#row(line, this.#columns)
    else this.#name(line)
  }

  end({ family, table: first }: SaveOptions): IptablesRuleset {
    if (first !== undefined) nameTable(this.#tables[0], first)
    const families = new Set(this.#tables.map((table) => table.family).filter((known) => known !== null))
    const [only] = families
    const fallback = (families.size === 1 ? only : family) ?? 'ip'
    for (const table of this.#tables) this.#check(table)
    const tables = this.#tables.map((table) => ({
      ...finishTable(table, this.#file, fallback),
      ...(this.#blind && { blind: true as const }),
    }))
    noteDoubles(tables, this.#problems)
    return { tables, problems: this.#problems.list() }
  }

  #begin([, name = '', policy, packets]: RegExpExecArray): void {
    let table = this.#tables.at(-1)
    if (table === undefined || beginsTable(table, name, policy !== undefined)) table = this.#open()
    const chain = chainDraft(name, this.#number)
    if (policy === 'ACCEPT' || policy === 'DROP') chain.policy = policy
    else if (policy !== undefined)
      this.#problems.add(this.#number, `chain ${name} has the policy ${policy}, which is none`, true)
    if (packets !== undefined) chain.counters = { packets: countOf(packets), bytes: 0 }
    table.chains.set(name, chain)
    this.#chain = chain
    this.#columns = null
  }

  #open(): TableDraft {
    const table = tableDraft({
      name: this.#named?.table ?? '',
      named: false,
      family: this.#named?.family ?? null,
      backEnd: null,
      line: this.#number,
    })
    this.#named = null
    table.complete = true
    this.#tables.push(table)
    return table
  }

  #row(line: string, columns: Columns): void {
    const table = this.#tables.at(-1)
    const chain = this.#chain
    const row = rowOf(line, columns)
    if (table === undefined || chain === null) return
    if (row === null) {
      if (isNoise(line)) this.#chain = null
      if (!this.#name(line) && this.#chain !== null)
        this.#problems.add(
          this.#number,
          `not a rule of a listing: ${JSON.stringify(line.slice(0, 80))}; was a line wrapped or cut?`,
          true,
        )
      return
    }
    if (!columns.interfaces && !this.#blind) {
      this.#blind = true
      this.#problems.add(this.#number, BLIND, true)
    }
    const text = textOf(chain.name, row)
    chain.lines.push({ text, line: this.#number, shown: line })
    if (row.target !== '' && !table.targets.has(row.target)) table.targets.set(row.target, this.#number)
    const packets = countOf(row.packets)
    chain.most = Math.max(chain.most, packets)
    if (packets > 0 && row.target !== '') table.came.set(row.target, (table.came.get(row.target) ?? 0) + packets)
    if (table.family === null)
      table.family = row.source.includes(':') ? 'ip6' : familyOfRule(parseRule(text, this.#context).rule)
  }

  /** Somebody's words between two rules, or root's prompt with a command. */
  #comment(line: string): void {
    if (this.#name(line)) this.#chain = null
  }

  /** A command line before a listing names its table. */
  #name(line: string): boolean {
    const [, six, options] = /\bip(6?)tables\b(?:-legacy|-nft)?(.*-[a-z]*L.*)/i.exec(line) ?? []
    if (options === undefined) return false
    const table = /(?:-t|--table)[ =]?(\w+)/.exec(options)?.[1] ?? 'filter'
    this.#named = { table, family: six === '6' ? 'ip6' : 'ip' }
    return true
  }

  #check(table: TableDraft): void {
    for (const [name, line] of table.targets)
      if (!table.chains.has(name) && !isTarget(name))
        this.#problems.add(line, `a jump to chain ${name}, which is not listed`)
    if (![...table.chains.values()].some(({ policy }) => policy !== null))
      this.#problems.add(table.line, LOOSE_CHAINS, true)
    const off = countersOff(table)
    if (off !== null && !off.first.startsWith('['))
      this.#problems.add(
        table.line,
        `${off.first} counts more packets than were sent there: counters from different moments`,
      )
  }
}

/** `12K`: of 1,000; exact with -x. */
const countOf = (text: string): number => {
  const [, digits = '0', unit = ''] = /^(\d+)([KMGTP]?)$/.exec(text) ?? []
  return Number(digits) * 1_000 ** ' KMGTP'.indexOf(unit || ' ')
}

const textOf = (
  chain: string,
  { packets, bytes, target, protocol, fragment, input, output, source, destination, text }: Row,
): string => {
  const words = parseListingWords(text, target)
  return [
    ...(packets === '' ? [] : [`[${countOf(packets)}:${countOf(bytes)}]`]),
    '-A',
    chain,
    ...words.strays,
    ...column('-s', source),
    ...column('-d', destination),
    ...column('-i', input),
    ...column('-o', output),
    ...column('-p', protocol),
    ...(fragment === '-f' ? ['-f'] : fragment === '!f' ? ['!', '-f'] : []),
    ...words.matches,
    ...(target === '' ? [] : [words.goto ? '-g' : '-j', target, ...words.target]),
  ]
    .map(printWord)
    .join(' ')
}

/** What matches everything is left out, as iptables-save does. */
const column = (option: string, value: string): readonly string[] => {
  const negated = value.startsWith('!')
  const bare = negated ? value.slice(1) : value
  if (!negated && everything.has(bare)) return []
  return [...(negated ? ['!'] : []), option, bare]
}

const everything = new Set(['', '*', 'any', 'anywhere', '0.0.0.0/0', '::/0', 'all', '0'])
