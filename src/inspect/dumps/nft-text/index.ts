import type { DumpProblem } from '../problem.ts'
import type { NftRuleset } from '../nft-rules/ruleset.ts'
import { RulesetBuilder } from '../nft-rules/builder.ts'
import type { TableBuilder } from '../nft-rules/table.ts'
import { beginsBlock, readChain } from './chains.ts'
import { Lexer } from './lexer.ts'
import { readSet } from './sets.ts'
import { readName } from './verdicts.ts'

const families: ReadonlySet<string> = new Set(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'])

/**
 * `nft list ruleset` or `nft list table`, of nft 0.9 to 1.1, with `-a`, `-n`, `-nn` or `-S`. Reads as far as it goes: what makes no
 * sense is a problem with its line, a rule that is not understood is in the rules by its text.
 * @param firstLine of `text` in the file, for problems and rules
 */
export const readNftText = (text: string, file: string, firstLine = 1): NftRuleset => {
  const reader = new TextReader(text, file)
  reader.lexer.line = firstLine
  return reader.read()
}

class TextReader {
  readonly lexer: Lexer
  readonly #file: string
  readonly #ruleset: RulesetBuilder
  /** `ip nat`: said to be iptables-nft's by the comment before it */
  #warned = ''
  #strange = 0

  constructor(text: string, file: string) {
    this.lexer = new Lexer(text)
    this.#file = file
    this.#ruleset = new RulesetBuilder(file)
  }

  read(): NftRuleset {
    const { lexer } = this
    while (lexer.kind !== 'end') {
      if (lexer.kind === 'newline') lexer.advance()
      else if (lexer.kind === 'comment') this.#topComment()
      else if (lexer.is('table')) this.#table()
      else this.#noise()
    }
    return this.#ruleset.finish()
  }

  #topComment(): void {
    this.#warned = /^Warning: table (\S+ \S+) is managed by iptables-nft/.exec(this.lexer.text)?.[1] ?? this.#warned
    this.lexer.advance()
  }

  /** Lines of other programs, prompts, a brace too many. */
  #noise(): void {
    const { line, start } = this.lexer
    while (this.lexer.kind !== 'newline' && this.lexer.kind !== 'end') this.lexer.advance()
    const text = this.lexer.source.slice(start, this.lexer.start).trim().slice(0, 80)
    if (this.lexer.has('end') && 'table'.startsWith(text))
      this.#problem(line, { text: 'the dump ends within a line, where a table begins', doubt: true })
    if (this.#strange++ === 0)
      this.#problem(line, { text: `“${text}” is no part of an nft listing; passed over, with all such lines after it` })
  }

  #table(): void {
    const { lexer } = this
    const { line } = lexer
    lexer.advance()
    let family = 'ip'
    let name = readName(lexer) ?? ''
    if (!lexer.is('{') && families.has(name)) {
      family = name
      name = readName(lexer) ?? ''
    }
    // a comment of `-a` may stand behind the brace
    if (!lexer.take('{')) {
      this.#problem(line, { text: `“table ${name}” without its opening brace`, doubt: true })
      return
    }
    const table = this.#ruleset.table(family, name, line, this.#warned === `${family} ${name}`)
    this.#inside(table.builder, table.key, line)
    this.#ruleset.add(table)
  }

  #inside(table: TableBuilder, name: string, line: number): void {
    const { lexer } = this
    for (;;) {
      while (lexer.kind === 'newline' || lexer.kind === 'comment' || lexer.is(';')) lexer.advance()
      if (lexer.take('}')) return
      if (lexer.kind === 'end')
        return this.#problem(lexer.line, { text: `the dump ends within table ${name}`, doubt: true })
      if (lexer.is('table') && beginsBlock(lexer))
        return this.#problem(lexer.line, { text: `table ${name} of line ${line} is not closed`, doubt: true })
      this.#block(table)
    }
  }

  #block(table: TableBuilder): void {
    const { lexer } = this
    const { line } = lexer
    const kind = lexer.text
    lexer.advance()
    switch (kind) {
      case 'chain': {
        const name = this.#opening()
        if (name === undefined) return this.#unread(line)
        const { hook, oddHook, rules, end } = readChain(lexer)
        const chain = table.addChain(name, hook, line)
        for (const rule of rules) table.addRule(chain, rule)
        if (oddHook !== '')
          this.#problem(line, { text: `chain ${name} hangs at a hook that is not understood: ${oddHook}`, doubt: true })
        if (end === 'missing') this.#problem(line, { text: `chain ${name} is not closed`, doubt: true })
        return
      }
      case 'set':
      case 'map': {
        const name = this.#opening()
        if (name === undefined) return this.#unread(line)
        const { set, broken } = readSet(lexer, name, kind === 'map')
        table.addSet(set, line)
        if (broken)
          this.#problem(line, { text: `the elements of ${kind} ${name} do not end or make no sense`, doubt: true })
        return
      }
      default:
        return this.#other(table, kind)
    }
  }

  /** `NAME {`; undefined: something else. */
  #opening(): string | undefined {
    const name = readName(this.lexer)
    return this.lexer.take('{') ? name : undefined
  }

  /** `comment "…"`, `flags dormant`, `counter NAME { … }`, `ct helper NAME { … }`, `flowtable …` */
  #other(table: TableBuilder, kind: string): void {
    const { lexer } = this
    const words = [kind]
    let depth = 0
    for (; lexer.kind !== 'end'; lexer.advance()) {
      if (lexer.is('{')) depth++
      else if (lexer.is('}')) {
        if (depth === 0) return
        if (--depth === 0) {
          lexer.advance()
          break
        }
      } else if (lexer.kind === 'newline' && depth === 0) break
      else if (lexer.kind === 'word') words.push(lexer.text)
    }
    if (kind === 'limit' || kind === 'quota') table.addBounded(`${kind} ${words[1] ?? ''}`, words.includes('over'))
    if (kind === 'flags' && words.includes('dormant')) table.dormant = true
  }

  #unread(line: number): void {
    while (this.lexer.kind !== 'newline' && this.lexer.kind !== 'end') this.lexer.advance()
    this.#problem(line, { text: 'a chain, set or map without name or opening brace', doubt: true })
  }

  #problem(line: number, problem: Pick<DumpProblem, 'text' | 'doubt'>): void {
    this.#ruleset.problem({ file: this.#file, line, ...problem })
  }
}
