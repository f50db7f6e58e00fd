import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Path } from './faults.ts'

/** One document of a YAML text, or why it cannot be used. Empty documents are left out. */
export type YamlDocument =
  | { readonly ok: true; readonly value: unknown; lineOf(path: Path): number }
  | { readonly ok: false; readonly message: string; readonly line: number }

/** Deeper than any Kubernetes object, and far from the end of the stack. */
const depthLimit = 200
/** Values in one document with aliases written out: a few hundred bytes of YAML can ask for 10⁹. */
const sizeLimit = 2_000_000

/**
 * YAML 1.2 (so `yes` and `on` are strings), with merge keys. What would make two readings possible is a fault: a repeated key,
 * a map as a key, an alias of its own parent. Document by document, because its tree takes a hundred times the text's memory.
 */
export function* parseYaml(text: string): Generator<YamlDocument> {
  const lines = new LineCounter()
  const lineAt = (offset: number): number => lines.linePos(offset).line
  // repeated keys are found below: the library compares each key with every other
  const composer = new Composer({ uniqueKeys: false, logLevel: 'error' })
  const documents = composer.compose(tokensOf(text, lines))
  try {
    for (let next = withoutStacks(() => documents.next()); !next.done; next = withoutStacks(() => documents.next())) {
      const converted = convert(next.value, lineAt)
      if (!converted.ok || converted.value !== null) yield converted
    }
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error
    yield { ok: false, message: error.message, line: lineAt(error.offset) }
  }
}

/** As `Parser.parse`, but it gives up on depth at once: the library would go on with all the memory there is. */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > depthLimit) throw new YamlFault(`is nested deeper than ${depthLimit}`, parser.offset)
  }
  yield* parser.end()
}

/** The library makes an Error of each fault, a million if need be; nobody looks at their stacks. */
const withoutStacks = <T>(run: () => T): T => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = limit
  }
}

const convert = (document: Document.Parsed, lineAt: (offset: number) => number): YamlDocument => {
  const { contents, errors } = document
  const [error] = errors
  if (error !== undefined) return { ok: false, message: error.message, line: lineAt(error.pos[0]) }
  try {
    const { value } = new Conversion().convert(contents)
    return { ok: true, value, lineOf: (path) => lineAt(locate(contents, path)) }
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error
    return { ok: false, message: error.message, line: lineAt(error.offset) }
  }
}

class YamlFault extends Error {
  readonly offset: number
  constructor(message: string, place: unknown) {
    super(message)
    this.offset = typeof place === 'number' ? place : (offsetOf(place) ?? 0)
  }
}

/** A value and how many values are in it, aliases counted each time. */
interface Converted {
  readonly value: unknown
  readonly size: number
}

/** From the library's tree to plain values. Aliases share one value. */
class Conversion {
  readonly #anchors = new Map<string, Converted | null>()

  convert(node: unknown): Converted {
    if (isAlias(node)) return this.#resolve(node)
    if (!isNode(node)) return { value: null, size: 1 }
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, null)
    const converted = isMap(node)
      ? this.#map(node)
      : isSeq(node)
        ? this.#list(node)
        : { value: isScalar(node) ? node.value : null, size: 1 }
    if (converted.size > sizeLimit)
      throw new YamlFault(`has aliases that stand for more than ${sizeLimit} values`, node)
    if (anchor !== undefined) this.#anchors.set(anchor, converted)
    return converted
  }

  #resolve(alias: Alias): Converted {
    const converted = this.#anchors.get(alias.source)
    if (converted === undefined) throw new YamlFault(`*${alias.source} is an alias of nothing before it`, alias)
    if (converted === null) throw new YamlFault(`*${alias.source} is an alias of a value that contains it`, alias)
    return converted
  }

  #list(list: YAMLSeq): Converted {
    let size = 1
    const value = list.items.map((item) => {
      const converted = this.convert(item)
      size += converted.size
      return converted.value
    })
    return { value, size }
  }

  #map(map: YAMLMap): Converted {
    let size = 1
    const own = new Map<string, unknown>()
    const merged: unknown[] = []
    for (const pair of map.items) {
      const converted = this.convert(pair.value)
      size += converted.size
      const key = readKey(pair.key, map)
      if (own.has(key)) throw new YamlFault(`has the key ${JSON.stringify(key)} twice`, pair.key)
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') merged.push(converted.value)
      else own.set(key, converted.value)
    }
    // of merged maps the first that has a key gives it, and the map itself before them
    for (const source of merged.flat()) {
      if (typeof source !== 'object' || source === null)
        throw new YamlFault('<< must merge a map or a list of maps', map)
      for (const [key, value] of Object.entries(source)) if (!own.has(key)) own.set(key, value)
    }
    // not by assignment: a key may be "__proto__"
    return { value: Object.fromEntries(own), size }
  }
}

const readKey = (key: unknown, map: YAMLMap): string => {
  const value = isScalar(key) ? key.value : null
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  throw new YamlFault('has a key that is not a string', isNode(key) ? key : map)
}

const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)

/** Where the value under `path` begins: at its key in a map. The nearest enclosing value counts where the path leads nowhere. */
const locate = (contents: unknown, path: Path): number => {
  let node = contents
  let offset = offsetOf(node) ?? 0
  for (const step of path) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      : undefined
    const inside = pair !== undefined ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined
    if (inside === undefined) break
    offset = offsetOf(pair?.key ?? inside) ?? offset
    node = inside
  }
  return offset
}
