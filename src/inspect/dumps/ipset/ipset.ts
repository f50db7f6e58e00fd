import { parseUnsigned } from '../../../rules/iptables/prefix.ts'
import type { Ipset } from '../../../rules/iptables/index.ts'
import { splitWords } from '../../../rules/iptables/words.ts'
import { type Element, type IpsetType, ipsetOf, parseElement, parseType } from './elements.ts'
import type { DumpProblem } from '../problem.ts'

export interface Ipsets {
  readonly sets: ReadonlyMap<string, Ipset>
  readonly problems: readonly DumpProblem[]
}

/** A set while it is read. */
interface Draft {
  readonly name: string
  readonly line: number
  type: IpsetType | null
  /** `Number of entries`; null: not said */
  announced: number | null
  entries: number
  /** entries that were not understood: what looks into the set is not understood then */
  damaged: boolean
  readonly elements: Element[]
  readonly members: string[]
}

/** Reads what `ipset list` and `ipset save` print, of all families. Never throws. */
export const parseIpsets = (text: string, file: string): Ipsets => {
  const drafts = new Map<string, Draft>()
  const problems: DumpProblem[] = []
  const note = (line: number, what: string): number => problems.push({ file, line, text: what, doubt: true })
  let current: Draft | null = null
  let inMembers = false
  let number = 0
  for (const raw of lines(text)) {
    number++
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) {
      if (line === '') inMembers = false
      continue
    }
    const [, key, value = ''] =
      /^(Name|Type|Header|Number of entries|Members|Revision|Size in memory|References|Default|Comment): ?(.*)$/.exec(
        line,
      ) ?? []
    if (/^(?:\.{2,}|…)$/.test(line)) {
      // how many are missing `Number of entries` says; without it nobody knows
      if (inMembers && current !== null && current.announced === null)
        note(number, `members of ipset ${current.name} are left out here (${line}); give the whole listing`)
      inMembers = false
      current = null
      continue
    }
    if (key === 'Name') drafts.set(value, (current = draft(value, number)))
    else if (key === 'Members') inMembers = true
    else if (key !== undefined) describe(current, key, value)
    else if (inMembers && current !== null)
      addElement(current, splitWords(line).words, () => note(number, unreadable(line)))
    else saved(drafts, splitWords(line).words, number, () => note(number, unreadable(line)))
  }
  for (const one of drafts.values()) {
    if (one.announced !== null && one.announced > one.entries)
      note(one.line, `ipset ${one.name} has ${one.announced} entries, ${one.entries} are here: the listing is cut`)
    if (one.type === null) note(one.line, `ipset ${one.name} is of a type that is not understood`)
  }
  return { sets: setsOf(drafts), problems }
}

function* lines(text: string): Generator<string> {
  let from = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    yield text.slice(from, end)
    from = end + 1
  }
  yield text.slice(from)
}

const unreadable = (line: string): string => `not a line of ipset: ${JSON.stringify(line.slice(0, 80))}`

const draft = (name: string, line: number): Draft => ({
  name,
  line,
  type: null,
  announced: null,
  entries: 0,
  damaged: false,
  elements: [],
  members: [],
})

const describe = (current: Draft | null, key: string, value: string): void => {
  if (current === null) return
  if (key === 'Type') current.type = parseType(value)
  else if (key === 'Number of entries') current.announced = parseUnsigned(value)
  else if (key === 'Header' && current.type !== null) current.type = withHeader(current.type, value.split(' '))
}

/** `family inet6`, `netmask 24` */
const withHeader = (type: IpsetType, words: readonly string[]): IpsetType => {
  const after = (word: string): string | undefined => words[words.indexOf(word) + 1]
  const netmask = words.includes('netmask') ? parseUnsigned(after('netmask') ?? '') : null
  return {
    ...type,
    family: words.includes('inet6') ? 'ip6' : 'ip',
    ...(netmask !== null && { netmask }),
  }
}

/** `create NAME TYPE …`, `add NAME ELEMENT …` */
const saved = (
  drafts: Map<string, Draft>,
  [command, name = '', third = '', ...rest]: readonly string[],
  line: number,
  fail: () => void,
): void => {
  if (command === 'create' || command === '-N') {
    const set = draft(name, line)
    const type = parseType(third)
    if (type !== null) set.type = withHeader(type, rest)
    drafts.set(name, set)
    return
  }
  const set = command === 'add' || command === '-A' ? drafts.get(name) : undefined
  if (set === undefined) fail()
  else addElement(set, [third, ...rest], fail)
}

const addElement = (set: Draft, [text = '', ...options]: readonly string[], fail: () => void): void => {
  set.entries++
  if (set.type?.dimensions[0] === 'set') {
    set.members.push(text)
    return
  }
  const elements = set.type === null ? [] : parseElement(set.type, text, options.includes('nomatch'))
  if (elements === null) {
    set.damaged = true
    fail()
  } else set.elements.push(...elements)
}

/** Lists of sets come last: they ask their members. */
const setsOf = (drafts: ReadonlyMap<string, Draft>): ReadonlyMap<string, Ipset> => {
  const sets = new Map<string, Ipset>()
  const usable = [...drafts.values()].filter(({ damaged }) => !damaged)
  for (const { name, type, elements } of usable)
    if (type !== null && type.dimensions[0] !== 'set') sets.set(name, ipsetOf(name, type, elements))
  for (const { name, type, members } of usable)
    if (type?.dimensions[0] === 'set') {
      const known = members.map((member) => sets.get(member)).filter((set) => set !== undefined)
      if (known.length === members.length) sets.set(name, listOf(name, known))
    }
  return sets
}

/** A list:set: a packet matches where it matches in one of its sets. */
const listOf = (name: string, sets: readonly Ipset[]): Ipset => ({
  name,
  dynamic: false,
  keyOf(directions) {
    const keys = sets.map((set) => set.keyOf(directions))
    return keys.every((key) => key !== null) ? keys.flat() : null
  },
  get(key) {
    let at = 0
    for (const set of sets) {
      const end = at + set.keySize
      const found = set.get(key.slice(at, end))
      if (found !== undefined) return found
      at = end
    }
    return undefined
  },
  keySize: sets.reduce((size, set) => size + set.keySize, 0),
})
