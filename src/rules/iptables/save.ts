import { createContext, type RuleContext } from './context.ts'
import { countersOff } from './counters.ts'
import { noteDoubles } from './doubles.ts'
import {
  beginsTable,
  type ChainDraft,
  chainDraft,
  finishTable,
  nameTable,
  type TableDraft,
  tableDraft,
} from './draft.ts'
import { isTelling, lostOf } from './liars.ts'
import { LOOSE_RULES } from './fragments.ts'
import { HIDDEN_LEGACY } from './join.ts'
import { familyOfRule, glance, withoutNote } from './lines.ts'
import { isNoise, isRefusal, refused, withoutStamp } from './noise.ts'
import { type ProblemList, problemList } from './problems.ts'
import { parseCounters, parseRule } from './rule.ts'
import type { BackEnd, Family, IptablesRuleset, IptablesTable } from './ruleset.ts'
import { isTarget } from './targets.ts'
import { splitWords } from './words.ts'

export interface SaveOptions {
  /** of tables where neither the dump's header nor an address says it; default that of the other tables, or `ip` */
  readonly family?: Family
  /** of the first table, where the dump does not name it and its chains do not contradict */
  readonly table?: string
}

/**
 * Reads what iptables-save and ip6tables-save print, of either back end, with or without counters, also several dumps one after the
 * other, `iptables -S`, and what shells and logs put around it. Never throws: what is wrong is in `problems`.
 */
export const parseSave = (text: string, file: string, options: SaveOptions = {}): IptablesRuleset => {
  const reader = new SaveReader(file)
  let from = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    reader.line(text.slice(from, end))
    from = end + 1
  }
  if (from < text.length) reader.line(text.slice(from))
  return reader.end(options)
}

/** As `parseSave`, of a text that comes in pieces. */
export const readSave = async (
  chunks: AsyncIterable<string>,
  file: string,
  options: SaveOptions = {},
): Promise<IptablesRuleset> => {
  const reader = new SaveReader(file)
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) reader.line(line)
  }
  if (rest !== '') reader.line(rest)
  return reader.end(options)
}

/** Longer lines are no rules: comments have at most 256 characters, lists of ports 15 entries. */
const LONGEST = 16_384

interface Header {
  readonly family: Family | null
  readonly backEnd: BackEnd | null
  /** a program that writes rules of another kind */
  readonly foreign: boolean
}

const noHeader: Header = { family: null, backEnd: null, foreign: false }

class SaveReader {
  readonly #problems: ProblemList
  readonly #file: string
  readonly #context: RuleContext = createContext()
  readonly #tables: TableDraft[] = []
  #header = noHeader
  #table: TableDraft | null = null
  /** the chain of the rule before */
  #chain: ChainDraft | null = null
  #number = 0
  #legacyElsewhere: number | null = null

  constructor(file: string) {
    this.#file = file
    this.#problems = problemList(file)
  }

  line(raw: string): void {
    this.#number++
    if (raw === '') return
    const line = this.#clean(raw)
    switch (line.charCodeAt(0)) {
      case 45: // -
      case 91: // [
        this.#command(line)
        return
      case 58: // :
        this.#declare(line)
        return
      case 42: // *
        this.#begin(line)
        return
      case 35: // #
        this.#comment(line)
        return
      default:
        if (line === 'COMMIT') this.#commit()
        else if (line !== '') this.#other(line)
    }
  }

  end({ family, table: first }: SaveOptions): IptablesRuleset {
    this.#close('the end of the file')
    if (first !== undefined) nameTable(this.#tables[0], first)
    const families = new Set(this.#tables.map((table) => table.family).filter((known) => known !== null))
    const [only] = families
    const fallback = (families.size === 1 ? only : family) ?? 'ip'
    const tables = this.#tables.map((table) => finishTable(table, this.#file, fallback))
    noteDoubles(tables, this.#problems)
    this.#noteHidden(tables)
    return { tables, problems: this.#problems.list() }
  }

  #clean(raw: string): string {
    let line = raw
    if (line.length > LONGEST) {
      this.#problems.add(this.#number, `a line of ${line.length} characters: cut after ${LONGEST}`, true)
      line = line.slice(0, LONGEST)
    }
    if (line.includes('\0')) {
      this.#problems.add(this.#number, 'NUL bytes: the file is damaged, or UTF-16 text; save it as UTF-8', true)
      line = line.replaceAll('\0', '')
    }
    const code = line.charCodeAt(0)
    const last = line.charCodeAt(line.length - 1)
    // blanks, carriage returns, a byte order mark
    if (code <= 32 || last <= 32 || code === 0xfeff) line = line.trim()
    return withoutStamp(line)
  }

  #begin(line: string): void {
    this.#close(`line ${this.#number}`)
    this.#table = this.#open(line.slice(1).trim())
    if (this.#header.foreign) return
    if (!tableNames.has(this.#table.name))
      this.#problems.add(this.#number, `iptables has no table ${this.#table.name}: its chains have no hook here`)
  }

  #open(name: string): TableDraft {
    const { family, backEnd, foreign } = this.#header
    const table = tableDraft({ name, named: name !== '', family, backEnd, line: this.#number })
    if (!foreign) this.#tables.push(table)
    return table
  }

  #commit(): void {
    if (this.#table === null) this.#problems.add(this.#number, 'COMMIT without a table: its beginning is missing', true)
    else this.#table.complete = true
    this.#close(`line ${this.#number}`)
  }

  /** The table ends here, at its COMMIT or without it. */
  #close(where: string): void {
    const table = this.#table
    this.#table = this.#chain = null
    if (table === null || this.#header.foreign) return
    if (table.name === '') {
      if (!table.complete) this.#problems.add(table.line, LOOSE_RULES, true)
    } else if (!table.complete)
      this.#problems.add(table.line, `table ${table.name} has no COMMIT before ${where}: the dump is cut`, true)
    this.#noteMissing(table)
    const off = countersOff(table)
    if (off !== null)
      this.#problems.add(
        table.line,
        `table ${table.name}: ${off.first}${off.chains > 1 ? ` and ${off.chains - 1} more chains count` : ' counts'} more packets than were sent there: counters from different moments (rules written anew begin at zero); no shares follow from them`,
      )
  }

  #declare(line: string): void {
    const [name = '', policy, counts] = splitWords(line, 1).words
    if (name === '' || policy === undefined) {
      this.#problems.add(this.#number, `a chain's line without its policy: ${shown(line)}`, true)
      if (name === '') return
    }
    const table = this.#table ?? this.#loose('')
    if (table.chains.has(name)) this.#problems.add(this.#number, `chain ${name} is declared twice`)
    const chain = this.#chainOf(table, name)
    if (policy === 'ACCEPT' || policy === 'DROP') chain.policy = policy
    else if (policy !== undefined && policy !== '-')
      this.#problems.add(this.#number, `chain ${name} has the policy ${policy}, which is none`, true)
    const counters = parseCounters(counts)
    if (counters !== undefined) chain.counters = counters
  }

  #command(line: string): void {
    const { words } = line.charCodeAt(1) === 80 || line.charCodeAt(1) === 78 ? splitWords(line) : { words: [] }
    if (words.length > 0) {
      this.#listed(words)
      return
    }
    const code = line.charCodeAt(0) === 45 ? line.charCodeAt(1) : 0
    // -A, --append, or counters in front of it
    if (code === 65 || (code === 0 && line.includes('] -A ')) || line.startsWith('--append ')) this.#rule(line)
    else if (line === '--')
      this.#problems.add(this.#number, 'lines are missing here: `--` is what grep prints for them', true)
    else if (this.#table === null || isNoise(line)) this.#other(line)
    else this.#problems.add(this.#number, `not a rule of a dump: ${shown(line)}`, true)
  }

  /** `-P INPUT ACCEPT`, `-N NAME`: the lines of `iptables -S`. */
  #listed([command, name = '', policy = '']: readonly string[]): void {
    const table = this.#loose(command === '-P' ? name : '')
    const chain = this.#chainOf(table, name)
    if (command === '-P') {
      table.complete = true
      if (policy === 'ACCEPT' || policy === 'DROP') chain.policy = policy
    }
  }

  /** The table that a line belongs to which names none. A built-in chain a second time begins the next. */
  #loose(declared: string): TableDraft {
    if (this.#table !== null && this.#table.name !== '') return this.#table
    if (declared !== '' && this.#table !== null && beginsTable(this.#table, declared, true))
      this.#close(`line ${this.#number}`)
    this.#table ??= this.#open('')
    return this.#table
  }

  #rule(annotated: string): void {
    const line = annotated.includes('#') ? withoutNote(annotated) : annotated
    const { chain: name, target, packets, cut } = glance(line)
    const table = this.#table ?? this.#loose('')
    if (name === '') {
      this.#problems.add(this.#number, `a rule without its chain: ${shown(line)}`, true)
      return
    }
    if (cut) this.#problems.add(this.#number, 'the line ends in the middle of a quoted word')
    const before = this.#chain
    const chain = before?.name === name ? before : this.#chainOf(table, name)
    this.#chain = chain
    chain.lines.push({ text: line, line: this.#number })
    if (target !== '' && !table.targets.has(target)) table.targets.set(target, this.#number)
    if (packets > 0) {
      chain.most = Math.max(chain.most, packets)
      if (target !== '') table.came.set(target, (table.came.get(target) ?? 0) + packets)
    }
    if (table.family === null || isTelling(name, line)) this.#look(table, name, line)
  }

  /** Reads a rule at once: it may say its family, or what its dump has lost. */
  #look(table: TableDraft, chain: string, line: string): void {
    const { rule, spec } = parseRule(line, this.#context)
    table.family ??= familyOfRule(rule)
    const lost = lostOf(chain, spec)
    if (lost === null) return
    this.#problems.add(
      this.#number,
      `${chain}: this rule has lost ${lost}: an older iptables-save printed what a newer iptables wrote; use the newer one, or nft list ruleset`,
    )
  }

  #chainOf(table: TableDraft, name: string): ChainDraft {
    let chain = table.chains.get(name)
    if (chain === undefined) table.chains.set(name, (chain = chainDraft(name, this.#number)))
    return chain
  }

  #comment(line: string): void {
    if (line.startsWith('# Generated by ')) {
      if (this.#table !== null) this.#close(`line ${this.#number}`)
      this.#header = headerOf(line)
      if (this.#header.foreign)
        this.#problems.add(this.#number, `${line.slice(15).split(' ')[0]}: rules for frames, not for packets; left out`)
      return
    }
    if (line.startsWith('# Completed on')) {
      this.#header = noHeader
      return
    }
    const incompatible = /^# Table [`'"]?([\w-]+)['"`]? is incompatible/.exec(line)?.[1]
    if (incompatible !== undefined)
      this.#problems.add(
        this.#number,
        `table ${incompatible} holds rules that iptables cannot show, so it is missing here; give the output of nft list ruleset`,
        true,
      )
    else if (line.includes('iptables-legacy tables present') || line.includes('ip6tables-legacy tables present'))
      this.#legacyElsewhere ??= this.#number
  }

  #other(line: string): void {
    if (isRefusal(line)) this.#problems.add(this.#number, refused(line), true)
    else this.#stray(line)
  }

  #stray(line: string): void {
    if (this.#table === null || isNoise(line)) return
    this.#problems.add(this.#number, `not a line of iptables-save: ${shown(line)}; was a line wrapped or cut?`, true)
  }

  /** Jumps to chains that are not there; a packet that comes to one is told as well. */
  #noteMissing({ name: table, chains, targets }: TableDraft): void {
    for (const [chain, line] of targets)
      if (!chains.has(chain) && !isTarget(chain))
        this.#problems.add(
          line,
          `a jump to chain ${chain}, which ${table === '' ? 'is not here' : `table ${table} does not have`}`,
        )
  }

  #noteHidden(tables: readonly IptablesTable[]): void {
    if (this.#legacyElsewhere === null || tables.some(({ backEnd }) => backEnd === 'legacy')) return
    this.#problems.add(this.#legacyElsewhere, HIDDEN_LEGACY, true)
  }
}

const tableNames = new Set(['raw', 'mangle', 'nat', 'filter', 'security'])

const shown = (line: string): string => JSON.stringify(line.length > 80 ? `${line.slice(0, 77)}...` : line)

/**
 * `# Generated by iptables-nft-save v1.8.9 (nf_tables) on …`. Legacy has no word in brackets, or none yet (before 1.8); 1.8.0 to 1.8.2
 * called the nft one xtables-save, of either family.
 */
const headerOf = (line: string): Header => {
  const program = /^# Generated by (\S+)/.exec(line)?.[1] ?? ''
  const foreign = /^(?:ebtables|arptables)/.test(program)
  const nft = line.includes('(nf_tables)') || program.includes('nft') || program.startsWith('xtables')
  const family = program.startsWith('ip6tables') ? 'ip6' : program.startsWith('iptables') ? 'ip' : null
  return { family, backEnd: nft ? 'nft' : /^ip6?tables/.test(program) ? 'legacy' : null, foreign }
}
