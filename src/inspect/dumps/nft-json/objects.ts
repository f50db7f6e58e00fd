import { asArray, asObject, type JsonObject } from './values.ts'

export interface JsonObjects {
  readonly objects: readonly JsonObject[]
  /** where the text makes no sense any more, and what was expected there */
  readonly broken?: { readonly line: number; readonly text: string }
}

/** The objects of a `nft -j` listing; of one that is cut or spoiled those before that place. */
export const readObjects = (text: string): JsonObjects => {
  try {
    const list = asArray(asObject(JSON.parse(text))?.['nftables'])
    if (list === undefined) return { objects: [], broken: { line: 1, text: 'there is no list “nftables”' } }
    const objects = list.map(asObject).filter((item) => item !== undefined)
    if (objects.length === list.length) return { objects }
    return {
      objects,
      broken: { line: 1, text: `${list.length - objects.length} of the list “nftables” are no objects` },
    }
  } catch {
    return salvage(text)
  }
}

const salvage = (text: string): JsonObjects => {
  const objects: JsonObject[] = []
  const key = text.indexOf('"nftables"')
  let at = key < 0 ? -1 : text.indexOf('[', key)
  if (at < 0) return { objects, broken: { line: 1, text: 'no JSON of nft: there is no list “nftables”' } }
  for (at++; ; ) {
    while (at < text.length && ' \t\r\n,'.includes(text.charAt(at))) at++
    if (text.charAt(at) === ']')
      return { objects, broken: { line: lineOf(text, at), text: 'text behind the list is no JSON' } }
    const end = objectEnd(text, at)
    const found = end < 0 ? undefined : parsed(text.slice(at, end))
    if (found === undefined) {
      const what = at >= text.length ? 'the dump ends' : 'the JSON makes no sense'
      return { objects, broken: { line: lineOf(text, at), text: `${what} after ${objects.length} objects` } }
    }
    objects.push(found)
    at = end
  }
}

const parsed = (text: string): JsonObject | undefined => {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Behind the brace that closes the one at `at`; −1: none does. */
const objectEnd = (text: string, at: number): number => {
  if (text.charAt(at) !== '{') return -1
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === '"') {
      for (i++; i < text.length && text.charAt(i) !== '"'; i++) if (text.charAt(i) === '\\') i++
    } else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i + 1
  }
  return -1
}

const lineOf = (text: string, at: number): number => {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++
  return line
}
