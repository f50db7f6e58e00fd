/** Which columns a listing has, by the line above its rules. */
export interface Columns {
  readonly number: boolean
  readonly counters: boolean
  /** with -v */
  readonly interfaces: boolean
}

/** A line of a listing; '' where it has no such column. */
export interface Row {
  readonly packets: string
  readonly bytes: string
  readonly target: string
  readonly protocol: string
  /** `--`, `-f`, `!f`; ip6tables before 1.8.9 leaves it out */
  readonly fragment: string
  readonly input: string
  readonly output: string
  readonly source: string
  readonly destination: string
  /** all that stands behind */
  readonly text: string
}

export const columnsOf = (line: string): Columns => ({
  number: line.startsWith('num'),
  counters: /\bpkts\b/.test(line),
  interfaces: /\bin\s+out\b/.test(line),
})

const fragments = new Set(['--', '-f', '!f'])

/** null: not a rule. Columns may be empty (no target), so addresses and the fragment column say where the others are. */
export const rowOf = (line: string, { number, counters, interfaces }: Columns): Row | null => {
  const words = Array.from(line.matchAll(/\S+/g), (found) => ({ word: found[0], end: found.index + found[0].length }))
  const at = (index: number): string => words[index]?.word ?? ''
  const first = (number ? 1 : 0) + (counters ? 2 : 0)
  if (number && !/^\d+$/.test(at(0))) return null
  if (counters && !(isCount(at(first - 2)) && isCount(at(first - 1)))) return null
  const source = sourceAt(
    words.map(({ word }) => word),
    first,
    interfaces,
  )
  if (source < 0 || words[source + 1] === undefined) return null
  let protocol = source - (interfaces ? 3 : 1)
  const fragment = fragments.has(at(protocol)) ? at(protocol--) : ''
  if (protocol < first || protocol > first + 1) return null
  return {
    packets: counters ? at(first - 2) : '',
    bytes: counters ? at(first - 1) : '',
    target: protocol > first ? at(first) : '',
    protocol: at(protocol),
    fragment,
    input: interfaces ? at(source - 2) : '',
    output: interfaces ? at(source - 1) : '',
    source: at(source),
    destination: at(source + 1),
    text: line.slice(words[source + 1]?.end),
  }
}

const isCount = (word: string): boolean => /^\d+[KMGTP]?$/.test(word)

/** Behind the fragment column, or where there is none the first of two addresses. */
const sourceAt = (words: readonly string[], first: number, interfaces: boolean): number => {
  for (const index of [first + 1, first + 2]) if (fragments.has(words[index] ?? '')) return index + (interfaces ? 3 : 1)
  for (let index = first + (interfaces ? 3 : 1); index < words.length; index++)
    if (isAddress(words[index]) && isAddress(words[index + 1])) return index
  return -1
}

const isAddress = (word = ''): boolean =>
  /^!?(?:[\d.]+|[\da-f]*:[\da-f:.]*)(?:\/[\d.]+)?$/i.test(word) || word === 'anywhere'
