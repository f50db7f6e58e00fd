const NEWLINE = 10
const QUOTE = 34
const HASH = 35

/** 1: ends a word. White space, and what means something by itself. */
const ends = new Uint8Array(128).fill(1, 0, 33)
for (const char of '{}();,=!<>&|^"#') ends[char.charCodeAt(0)] = 1
/** Other characters than these in front never begin a pair. */
const pairs = new Set(['==', '!=', '<=', '>=', '<<', '>>'])
const beginsPair = new Set(Array.from('=!<>', (char) => char.charCodeAt(0)))
/** a raw piece of a header, e.g. `@nh,96,32`: the only word with commas */
const rawPayload = /@(?:ll|nh|th|ih),\d+,\d+/y

export type TokenKind = 'word' | 'string' | 'punctuation' | 'comment' | 'newline' | 'end'

/** A place to come back to. */
export interface Mark {
  readonly at: number
  readonly line: number
}

/**
 * One token at a time over the text of a listing: `kind` and `text` are the current one, `advance` goes to the next.
 * Strings are without their quotes (nft has no escapes), comments without `#`. Nothing is an error: what is odd is a word.
 */
export class Lexer {
  kind: TokenKind = 'newline'
  text = ''
  /** where the current token begins and ends in the source */
  start = 0
  end = 0
  /** of the current token, from 1 */
  line = 1
  /** a string that its line did not close */
  unclosed = false
  readonly source: string

  constructor(source: string) {
    this.source = source
    this.advance()
  }

  is(text: string): boolean {
    return this.text === text && (this.kind === 'word' || this.kind === 'punctuation')
  }

  /** Of this kind; asks anew after each advance, which a comparison of `kind` would not for the compiler. */
  has(kind: TokenKind): boolean {
    return this.kind === kind
  }

  /** Goes on where the current token is this one. */
  take(text: string): boolean {
    if (!this.is(text)) return false
    this.advance()
    return true
  }

  mark(): Mark {
    return { at: this.start, line: this.line }
  }

  /** The token that was current when the mark was set is it again. */
  reset({ at, line }: Mark): void {
    this.kind = 'comment'
    this.end = at
    this.line = line
    this.advance()
  }

  advance(): void {
    const { source } = this
    if (this.kind === 'newline' && this.end > 0) this.line++
    let at = this.end
    let code = source.charCodeAt(at)
    while (code === 32 || code === 9 || code === 13) code = source.charCodeAt(++at)
    this.start = at
    if (at >= source.length) return this.#set('end', at, '')
    if (code === NEWLINE) return this.#set('newline', at + 1, '\n')
    if (code === QUOTE) return this.#string(at)
    if (code === HASH) return this.#comment(at)
    if (code < 128 && ends[code] === 1) {
      const pair = beginsPair.has(code) ? source.slice(at, at + 2) : ''
      const text = pairs.has(pair) ? pair : source.charAt(at)
      return this.#set('punctuation', at + text.length, text)
    }
    if (code === 64) {
      rawPayload.lastIndex = at
      const raw = rawPayload.exec(source)
      if (raw !== null) return this.#set('word', at + raw[0].length, raw[0])
    }
    let end = at + 1
    while (end < source.length) {
      code = source.charCodeAt(end)
      if (code < 128 && ends[code] === 1) break
      end++
    }
    this.#set('word', end, source.slice(at, end))
  }

  #set(kind: TokenKind, end: number, text: string): void {
    this.kind = kind
    this.end = end
    this.text = text
  }

  #string(at: number): void {
    const { source } = this
    const line = this.#lineEnd(at)
    const close = source.indexOf('"', at + 1)
    this.unclosed = close < 0 || close > line
    if (this.unclosed) return this.#set('string', line, source.slice(at + 1, line))
    this.#set('string', close + 1, source.slice(at + 1, close))
  }

  #comment(at: number): void {
    const end = this.#lineEnd(at)
    this.#set('comment', end, this.source.slice(at + 1, end).trim())
  }

  #lineEnd(at: number): number {
    const end = this.source.indexOf('\n', at)
    return end < 0 ? this.source.length : end
  }
}
