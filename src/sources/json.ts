import type { Path } from './faults.ts'

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly line: number }

/** `JSON.parse` with the line of the error. Of a repeated key the last counts, as in Go. */
export const parseJson = (text: string): JsonResult => {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const place = / in JSON at position \d+ \(line (\d+) column \d+\)/.exec(message)
    const line = place?.[1] === undefined ? countLines(text) : Number(place[1])
    return { ok: false, line, message: place === null ? message : message.slice(0, place.index) }
  }
}

const countLines = (text: string): number => {
  let lines = 1
  for (let at = text.trimEnd().indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

/**
 * Lines of values in a text that `JSON.parse` has accepted: it keeps no positions, and they are wanted for faults only.
 * The elements of the list looked into last are remembered, so that 10,000 faults in one List cost one pass.
 */
export class JsonLines {
  readonly #text: string
  #list = -1
  #elements: number[] = []
  #newlines: number[] | null = null

  constructor(text: string) {
    this.#text = text
  }

  /** 1 for the first line. The nearest enclosing value counts where the path leads nowhere. */
  lineOf(path: Path): number {
    let at = this.#skipSpace(0)
    for (const step of path) {
      const inside = typeof step === 'number' ? this.#element(at, step) : this.#member(at, step)
      if (inside === null) break
      at = inside
    }
    return this.#line(at)
  }

  #line(offset: number): number {
    this.#newlines ??= newlinesOf(this.#text)
    let low = 0
    let high = this.#newlines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#newlines[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }

  #element(list: number, index: number): number | null {
    if (this.#text[list] !== '[') return null
    if (this.#list !== list) {
      this.#list = list
      this.#elements = []
      for (let at = this.#skipSpace(list + 1); this.#text[at] !== ']'; at = this.#next(this.#skipValue(at)))
        this.#elements.push(at)
    }
    return this.#elements[index] ?? null
  }

  #member(map: number, key: string): number | null {
    if (this.#text[map] !== '{') return null
    for (let at = this.#skipSpace(map + 1); this.#text[at] !== '}'; ) {
      const end = this.#skipValue(at)
      const value = this.#skipSpace(this.#skipSpace(end) + 1)
      if (JSON.parse(this.#text.slice(at, end)) === key) return value
      at = this.#next(this.#skipValue(value))
    }
    return null
  }

  /** The next element, or the bracket that ends the list or map. */
  #next(at: number): number {
    const end = this.#skipSpace(at)
    return this.#text[end] === ',' ? this.#skipSpace(end + 1) : end
  }

  #skipSpace(from: number): number {
    let at = from
    while (' \t\r\n'.includes(this.#text[at] ?? 'end')) at++
    return at
  }

  #skipValue(from: number): number {
    const token = /"(?:[^"\\]|\\.)*"|[[{\]}]|[^\s"[\]{},:]+/gy
    const gap = /[\s,:]*/y
    let depth = 0
    let at = from
    do {
      token.lastIndex = at
      const [text = ''] = token.exec(this.#text) ?? []
      if (text === '[' || text === '{') depth++
      if (text === ']' || text === '}') depth--
      at += text.length
      if (depth === 0 || text === '') return at
      gap.lastIndex = at
      at += gap.exec(this.#text)?.[0].length ?? 0
    } while (at < this.#text.length)
    return at
  }
}

const newlinesOf = (text: string): number[] => {
  const offsets: number[] = []
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) offsets.push(at)
  return offsets
}
