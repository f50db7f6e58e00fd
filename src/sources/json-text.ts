import type { Path } from './faults.ts'

/*
 * Positions in JSON text, which `JSON.parse` does not keep. Everything here ends and stays within the text for any text,
 * but says something true only for text that `JSON.parse` accepts.
 */

const [quote, comma, colon, openBracket, backslash, closeBracket, openBrace, closeBrace] = [
  34, 44, 58, 91, 92, 93, 123, 125,
]

/** Lines from `since` to `offset`, counting the first: 1 where both stand in one. */
export const lineAt = (text: string, offset: number, since = 0): number => {
  // a slice, because a search in the whole text would go on to its end
  const between = text.slice(since, offset)
  let line = 1
  for (let at = between.indexOf('\n'); at >= 0; at = between.indexOf('\n', at + 1)) line++
  return line
}

export const skipSpace = (text: string, from: number): number => {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

/** Just behind the value that begins at `from`; never `from` itself unless the text ends there. */
export const skipValue = (text: string, from: number): number => {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quote) at = endOfString(text, at)
    else if (char === openBrace || char === openBracket) depth++
    else if (char === closeBrace || char === closeBracket) depth--
    else if (depth === 0) at = endOfScalar(text, at) - 1
    if (depth <= 0) return at + 1
  }
  return text.length
}

/** Where the list under the key `items` of a top-level map begins; null when there is none. */
export const findItems = (text: string): number | null => {
  const map = skipSpace(text, 0)
  if (text.charCodeAt(map) !== openBrace) return null
  const value = findMember(text, map, 'items')
  return value !== null && text.charCodeAt(value) === openBracket ? value : null
}

/** Where the value under `path` begins, from the value at `root` on; the nearest enclosing one where the path leads nowhere. */
export const find = (text: string, root: number, path: Path): number => {
  let at = root
  for (const step of path) {
    const inside = typeof step === 'number' ? findElement(text, at, step) : findMember(text, at, step)
    if (inside === null) break
    at = inside
  }
  return at
}

const findMember = (text: string, map: number, key: string): number | null => {
  if (text.charCodeAt(map) !== openBrace) return null
  const written = JSON.stringify(key)
  for (let at = skipSpace(text, map + 1); text.charCodeAt(at) === quote; at = skipComma(text, at)) {
    const end = skipValue(text, at)
    const after = skipSpace(text, end)
    if (text.charCodeAt(after) !== colon) return null
    const value = skipSpace(text, after + 1)
    if (end - at === written.length && text.startsWith(written, at)) return value
    at = skipValue(text, value)
  }
  return null
}

/** The keys of the map that is the whole text, in order, each with its line; one that comes twice comes twice. */
export function* topKeys(text: string): Generator<{ readonly key: string; readonly line: number }> {
  const map = skipSpace(text, 0)
  if (text.charCodeAt(map) !== openBrace) return
  let line = lineAt(text, map)
  let counted = map
  for (let at = skipSpace(text, map + 1); text.charCodeAt(at) === quote; ) {
    const end = skipValue(text, at)
    line += lineAt(text, at, counted) - 1
    counted = at
    yield { key: JSON.parse(text.slice(at, end)) as string, line }
    at = skipComma(text, skipValue(text, skipSpace(text, skipSpace(text, end) + 1)))
  }
}

const findElement = (text: string, list: number, index: number): number | null => {
  if (text.charCodeAt(list) !== openBracket) return null
  let at = skipSpace(text, list + 1)
  for (let i = 0; i < index && at < text.length && text.charCodeAt(at) !== closeBracket; i++)
    at = skipComma(text, skipValue(text, at))
  return at < text.length && text.charCodeAt(at) !== closeBracket ? at : null
}

const skipComma = (text: string, from: number): number => {
  const at = skipSpace(text, from)
  return text.charCodeAt(at) === comma ? skipSpace(text, at + 1) : at
}

const isSpace = (char: number): boolean => char === 32 || char === 10 || char === 13 || char === 9

const endOfScalar = (text: string, from: number): number => {
  let at = from + 1
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === comma || char === closeBracket || char === closeBrace || isSpace(char)) return at
  }
  return at
}

/** The last quote of the string that begins at `from`. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return at
  }
  return text.length
}
