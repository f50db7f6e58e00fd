import type { Path } from './faults.ts'
import { find, findItems, lineAt, skipSpace, skipValue } from './json-text.ts'

export interface JsonFault {
  readonly ok: false
  readonly message: string
  readonly line: number
}

export interface JsonValue {
  readonly ok: true
  readonly value: unknown
}

export interface JsonDocument extends JsonValue {
  /** what stands under `items`, parsed one by one as they are asked for; `value.items` is empty then. null: no such list */
  readonly items: IteratorObject<JsonValue | JsonFault> | null
  /** 1 for the first line. The nearest enclosing value counts where the path leads nowhere. Of items: once they were given out */
  lineOf(path: Path): number
}

/**
 * `JSON.parse`, but with lines, and without a whole cluster in memory at once: the elements of a top-level `items` are parsed
 * as they are asked for, where `isList` says so of the rest. Of a repeated key the last counts, as in Go.
 */
export const parseJson = (text: string, isList: (value: unknown) => boolean): JsonDocument | JsonFault => {
  const start = findItems(text)
  if (start !== null) {
    const end = skipValue(text, start)
    const envelope = tryParse(`${text.slice(0, start)}[]${text.slice(end)}`)
    // with a second "items" the last counts, so no shortcut
    if (envelope.ok && hasNoItems(envelope.value) && isList(envelope.value)) {
      const items = new JsonItems(text, start)
      return { ok: true, value: envelope.value, items: items.values(), lineOf: (path) => items.lineOf(path) }
    }
  }
  const whole = tryParse(text)
  return whole.ok
    ? { ...whole, items: null, lineOf: (path) => lineAt(text, find(text, skipSpace(text, 0), path)) }
    : whole
}

const hasNoItems = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'items' in value &&
  Array.isArray(value.items) &&
  value.items.length === 0

/** The elements of the list that begins at `start`. */
class JsonItems {
  readonly #text: string
  readonly #start: number
  readonly #offsets: number[] = []
  /** lines are asked for in order, more or less: each is counted from the one before */
  #counted = { offset: 0, line: 1 }

  constructor(text: string, start: number) {
    this.#text = text
    this.#start = start
  }

  *values(): Generator<JsonValue | JsonFault> {
    const text = this.#text
    let at = skipSpace(text, this.#start + 1)
    if (text[at] === ']') return
    for (;;) {
      const end = skipValue(text, at)
      this.#offsets.push(at)
      const item = tryParse(text.slice(at, end))
      yield item.ok ? item : { ...item, line: this.#line(at) + item.line - 1 }
      const next = skipSpace(text, end)
      if (text[next] === ']') return
      if (!item.ok || text[next] !== ',')
        return yield { ok: false, message: "',' or ']' is missing after a list's element", line: this.#line(end) }
      at = skipSpace(text, next + 1)
    }
  }

  lineOf(path: Path): number {
    const [key, index, ...rest] = path
    const offset = key === 'items' && typeof index === 'number' ? this.#offsets[index] : undefined
    return this.#line(
      offset === undefined
        ? find(this.#text, skipSpace(this.#text, 0), path.slice(0, 1))
        : find(this.#text, offset, rest),
    )
  }

  #line(offset: number): number {
    if (offset < this.#counted.offset) this.#counted = { offset: 0, line: 1 }
    const line = this.#counted.line + lineAt(this.#text, offset, this.#counted.offset) - 1
    this.#counted = { offset, line }
    return line
  }
}

const tryParse = (text: string): JsonValue | JsonFault => {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const place = / in JSON at position \d+ \(line (\d+) column \d+\)/.exec(message)
    const line = place?.[1] === undefined ? lineAt(text, text.trimEnd().length) : Number(place[1])
    return { ok: false, line, message: place === null ? message : message.slice(0, place.index) }
  }
}
