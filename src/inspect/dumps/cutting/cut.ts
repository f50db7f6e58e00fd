import { belongs, type Dialect, dialectOf, expected, isCommand, isPrompt, isRow } from './dialect.ts'
import { ofOneNamespace } from './namespaces.ts'
import { beginsWithin, kubeProxyBlock, prefixOf } from './openings.ts'
import type { CutDump, DumpFile, DumpPart } from './parts.ts'
import { unprefixed } from './prefixes.ts'
import type { DumpProblem } from '../problem.ts'

/** Cuts a file into the listings that it holds: often one, in a bug report many. */
export const cutDump = ({ name, text, found = false }: DumpFile): CutDump => {
  const { parts, problems } = ofOneNamespace(new Cutter(name, unwrapped(text)).cut())
  return {
    parts,
    problems: parts.length > 0 || found ? problems : problems.map((problem) => ({ ...problem, doubt: true })),
  }
}

/** Rules that somebody broke with `\` at the ends of lines, each on one line again; blank lines keep the numbers of those behind. */
const unwrapped = (text: string): string =>
  text.includes('\\\n')
    ? text.replace(/^[ \t]*(?:\[\d+:\d+\] )?-A (?:.*\\\n)+.*$/gm, (rule) => {
        const lines = rule.split(/[ \t]*\\\n[ \t]*/)
        return lines.join(' ') + '\n'.repeat(lines.length - 1)
      })
    : text

class Cutter {
  readonly #file: string
  readonly #text: string
  readonly #parts: DumpPart[] = []
  readonly #strange: { line: number; text: string }[] = []
  #at = 0
  #line = 1
  #heading = ''
  /** blocks in blocks */
  #depth = 0

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
  }

  cut(): CutDump {
    this.#run()
    return { parts: this.#parts, problems: this.#problems() }
  }

  #run(): void {
    while (this.#at < this.#text.length) {
      const line = this.#peek()
      const dialect = dialectOf(line) ?? this.#openedJson(line)
      if (dialect !== null) this.#take(dialect)
      else if (!this.#looseBlock(line) && !this.#indented(line) && !this.#logged(line)) this.#skip(line)
    }
  }

  /** A chain, set or map of kube-proxy's nftables that stands outside its table: `nft list ruleset | sed -n …`. */
  #looseBlock(line: string): boolean {
    if (!kubeProxyBlock.test(line)) return false
    const { start, line: from } = { start: this.#at, line: this.#line }
    let depth = 0
    do depth += braces(this.#next())
    while (depth > 0 && this.#at < this.#text.length)
    const six = /ipv6_addr|\bip6 /.test(this.#text.slice(start, this.#at)) ? 'ip6' : 'ip'
    const text = `table ${six} kube-proxy { ${this.#text.slice(start, this.#at).trimEnd()}\n}\n`
    this.#parts.push({ dialect: 'nft list ruleset', file: this.#file, line: from, text, heading: this.#heading })
    return true
  }

  /** A listing in an indented or quoted block, as Markdown has them, or in a comment: the block is cut without what stands before each of its lines. */
  #indented(line: string): boolean {
    const prefix = this.#depth === DEEPEST ? '' : prefixOf(line)
    if (prefix === '') return false
    const from = this.#line
    const lines: string[] = []
    while (this.#at < this.#text.length) {
      const next = this.#peek()
      if (next.trim() !== '' && !next.startsWith(prefix) && next !== prefix.trimEnd()) break
      lines.push(next.slice(prefix.length))
      this.#next()
    }
    this.#block(lines, from)
    return true
  }

  /** A listing of which something stands before each line: the time, a node's name, a number. */
  #logged(line: string): boolean {
    const first = this.#depth === DEEPEST ? null : unprefixed(line)
    if (first === null || !beginsWithin(first.line)) return false
    const from = this.#line
    const lines: string[] = []
    while (this.#at < this.#text.length) {
      const next = unprefixed(this.#peek())
      if (next?.source !== first.source) break
      if (first.number !== null && next.number !== first.number + lines.length) break
      lines.push(next.line)
      this.#next()
    }
    this.#block(lines, from)
    return true
  }

  /** Cuts lines that were freed of what stood before them. */
  #block(lines: readonly string[], from: number): void {
    const block = new Cutter(this.#file, `${lines.join('\n')}${this.#text[this.#at - 1] === '\n' ? '\n' : ''}`)
    block.#heading = this.#heading
    block.#line = from
    block.#depth = this.#depth + 1
    block.#run()
    this.#parts.push(...block.#parts)
    this.#strange.push(...block.#strange)
    this.#heading = block.#heading
  }

  #take(dialect: Dialect): void {
    const { start, line } = { start: this.#at, line: this.#line }
    if (dialect === 'nft list ruleset') this.#bracedBlocks()
    else if (dialect === 'nft -j list ruleset' || dialect === 'ip -j addr') this.#json()
    else if (dialect === 'objects' && this.#text.charCodeAt(this.#at) === 0x7b) this.#json()
    else this.#lines(dialect)
    const text = this.#text.slice(start, this.#at)
    this.#parts.push({ dialect, file: this.#file, line, text, heading: this.#heading })
    this.#heading = ''
  }

  /** Line by line, until one belongs elsewhere. */
  #lines(dialect: Dialect): void {
    let open = false
    let first = true
    while (this.#at < this.#text.length) {
      if (open && this.#passRule()) continue
      const line = this.#peek()
      if (!first && line.trim() !== '') {
        const begun = dialectOf(line)
        if (
          begun === null
            ? !open && !belongs(dialect, line) && !(dialect === 'iptables -nvL' && this.#comments())
            : begun !== dialect && !(dialect === 'objects' && line.startsWith(' '))
        )
          return
      }
      // between `*nat` and COMMIT a line that makes no sense is the table's: its reader names it
      if (dialect === 'iptables-save') open = line.startsWith('*') || (open && !line.startsWith('COMMIT'))
      first = false
      this.#next()
    }
  }

  /** A comment that somebody wrote between two rules of a listing: a rule follows, and no titles of columns. */
  #comments(): boolean {
    let at = this.#at
    while (this.#text.charCodeAt(at) === 0x23) {
      const end = this.#text.indexOf('\n', at)
      if (end < 0 || isCommand(this.#text.slice(at, end))) return false
      at = end + 1
    }
    const end = this.#text.indexOf('\n', at)
    return at > this.#at && isRow(this.#text.slice(at, end < 0 ? this.#text.length : end))
  }

  /** Goes past a line that can only be a rule or chain of an open table; 200,000 of them are looked at no closer. */
  #passRule(): boolean {
    const code = this.#text.charCodeAt(this.#at)
    const isRule = code === 0x3a || code === 0x5b || (code === 0x2d && this.#text.charCodeAt(this.#at + 3) !== 0x2d)
    if (!isRule) return false
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end + 1
    this.#line += 1
    return true
  }

  /** `table … {` up to the brace that closes it, and the tables that follow. */
  #bracedBlocks(): void {
    let depth = 0
    while (this.#at < this.#text.length) {
      const line = this.#peek()
      if (depth === 0 && line.trim() !== '' && dialectOf(line) !== 'nft list ruleset') return
      depth += braces(line)
      this.#next()
    }
  }

  /** On one line, or over many up to the bracket that stands at the beginning of a line. */
  #json(): void {
    const first = this.#next()
    const closing = first.startsWith('[') ? ']' : '}'
    if (first.trimEnd().endsWith(closing) && isJson(first)) return
    while (this.#at < this.#text.length) if (this.#next().startsWith(closing)) return
  }

  /** A `{` alone on its line says only in the next what it is. */
  #openedJson(line: string): Dialect | null {
    if (line.trimEnd() !== '{') return null
    const rest = this.#text.slice(this.#at, this.#at + 400).replace(/\s+/g, ' ')
    return dialectOf(rest)
  }

  #skip(line: string): void {
    // a fence says nothing of what it fences
    if (line.trim() !== '' && !/^\s*(?:```|~~~)/.test(line)) {
      this.#heading = line
      if (!isHeading(line)) this.#strange.push({ line: this.#line, text: line })
    }
    this.#next()
  }

  #peek(): string {
    const end = this.#text.indexOf('\n', this.#at)
    return this.#text.slice(this.#at, end < 0 ? this.#text.length : end)
  }

  #next(): string {
    const line = this.#peek()
    this.#at = Math.min(this.#text.length, this.#at + line.length + 1)
    this.#line += 1
    return line
  }

  #problems(): readonly DumpProblem[] {
    const [first] = this.#strange
    const last = this.#parts.at(-1)
    if (last !== undefined && !this.#text.endsWith('\n') && (endless.has(last.dialect) || isCutTable(this.#text)))
      return [{ file: this.#file, line: this.#line - 1, text: 'ends within a line: the listing is cut', doubt: true }]
    if (this.#parts.length === 0) return [{ file: this.#file, text: nothing(this.#text, first?.text) }]
    if (first === undefined) return []
    const more = this.#strange.length - 1
    const others = more === 0 ? '' : ` (and ${more} more lines)`
    return [
      { file: this.#file, line: first.line, text: `is of no dialect that is known: ${shown(first.text)}${others}` },
    ]
  }
}

/** Nobody quotes deeper. */
const DEEPEST = 4

/** Listings that have no last line of their own, so that only a missing line end shows that they were cut. */
const endless: ReadonlySet<Dialect> = new Set(['iptables -nvL', 'ipvsadm -Ln', 'ipvsadm -Sn', 'conntrack -L'])

/** `tab`: the next table of nft begins there. */
const isCutTable = (text: string): boolean => /\n(?:t|ta|tab|tabl|table(?: \S+){0,2})$/.test(text.slice(-80))

const nothing = (text: string, line: string | undefined): string => {
  if (text.trim() === '') return 'is empty'
  return `is of no dialect that is known${line === undefined ? '' : ` (it begins with ${shown(line)})`}; expected ${expected}`
}

const shown = (line: string): string => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)

/** What people and scripts write between listings: comments, rules, prompts, commands. */
const isHeading = (line: string): boolean =>
  isPrompt(line) ||
  /^(?:-{3}|(?:sudo )?(?:ip6?tables|nft|ipvsadm|ipset|conntrack|ip|kubectl|cat|docker)\b|conntrack v)/.test(line)

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Opening less closing braces, outside of quotes. */
const braces = (line: string): number => {
  let depth = 0
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (code === 0x22) quoted = !quoted
    else if (quoted) continue
    else if (code === 0x7b) depth += 1
    else if (code === 0x7d) depth -= 1
  }
  return depth
}
