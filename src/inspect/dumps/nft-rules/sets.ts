import { padded } from '../../../rules/bytes.ts'
import type { Bytes, ElementValue, RuleSet } from '../../../rules/model.ts'
import { type Bounds, boundsOf, type Datatype, valueOf } from './datatypes.ts'
import type { ElementSyntax, Syntax, Verdict } from './syntax.ts'

export interface SetTypes {
  readonly key: readonly Datatype[]
  readonly data?: readonly Datatype[] | 'verdict'
}

export interface SetContent {
  readonly set: RuleSet
  /** elements that were not understood */
  readonly strange: readonly ElementSyntax[]
}

const member: ElementValue = { to: 'member' }

/** A set or map from its elements: single keys by hash, intervals by binary search, interval concatenations one by one. */
export const setOf = (
  name: string,
  { key, data }: SetTypes,
  elements: readonly ElementSyntax[],
  dynamic: boolean,
): SetContent => {
  const exact = new Map<Bytes, ElementValue>()
  const ranges: Range[] = []
  const strange: ElementSyntax[] = []
  let other: ElementValue | undefined
  for (const element of elements) {
    const value = elementValue(element, data)
    const bounds = value === undefined ? undefined : keyBounds(element.key, key)
    if (value === undefined || (bounds === undefined && !isCatchAll(element.key))) strange.push(element)
    else if (bounds === undefined) other = value
    else if (bounds.every(({ low, high }) => low === high)) exact.set(joined(bounds.map(({ low }) => low)), value)
    else ranges.push({ bounds, value })
  }
  const lengths = key.map(({ length }) => length)
  return { set: ruleSetOf(name, dynamic, { exact, ranges, other, lengths }), strange }
}

/** An element for more keys than one: bounds of each part. */
export interface Range {
  readonly bounds: readonly Bounds[]
  readonly value: ElementValue
}

const isCatchAll = (key: Syntax): boolean => key.kind === 'word' && key.text === '*'

const joined = (parts: readonly Bytes[]): Bytes =>
  parts.length === 1 ? (parts[0] as Bytes) : parts.map(padded).join('')

const keyBounds = (syntax: Syntax, types: readonly Datatype[]): readonly Bounds[] | undefined => {
  const parts = syntax.kind === 'concatenation' ? syntax.parts : [syntax]
  if (parts.length !== types.length) return undefined
  const bounds: Bounds[] = []
  for (const [index, part] of parts.entries()) {
    const one = boundsOf(part, types[index] as Datatype)
    if (one === undefined) return undefined
    bounds.push(one)
  }
  return bounds
}

const elementValue = ({ value, packets }: ElementSyntax, data: SetTypes['data']): ElementValue | undefined => {
  if (data === undefined) return value === undefined ? member : undefined
  if (value === undefined) return undefined
  if (value.kind === 'verdict') return data === 'verdict' ? verdictValue(value) : undefined
  if (data === 'verdict') return undefined
  const bytes = dataOf(value, data)
  if (bytes === undefined) return undefined
  return packets === undefined ? { to: 'data', data: bytes } : { to: 'data', data: bytes, packets }
}

/** `continue` is as if there were no element, but none that a catch-all stands in for: a member leads nowhere. */
const verdictValue = ({ jump }: Verdict): ElementValue => (jump === 'continue' ? member : { to: 'jump', jump })

const dataOf = (syntax: Syntax, types: readonly Datatype[]): Bytes | undefined => {
  const parts = syntax.kind === 'concatenation' ? syntax.parts : [syntax]
  if (parts.length !== types.length) return undefined
  const values: Bytes[] = []
  for (const [index, part] of parts.entries()) {
    const one = valueOf(part, types[index] as Datatype)
    if (one === undefined) return undefined
    values.push(one)
  }
  return joined(values)
}

export interface SetElements {
  readonly exact: ReadonlyMap<Bytes, ElementValue>
  readonly ranges: readonly Range[]
  /** of the catch-all */
  readonly other: ElementValue | undefined
  /** bytes of each part of a key */
  readonly lengths: readonly number[]
}

export const ruleSetOf = (name: string, dynamic: boolean, elements: SetElements): RuleSet => ({
  name,
  dynamic,
  get: lookup(elements),
  entries: () => elements.exact,
  intervals: elements.ranges.length > 0 || elements.other !== undefined,
})

const lookup = ({ exact, ranges, other, lengths }: SetElements): RuleSet['get'] => {
  if (ranges.length === 0)
    return other === undefined ? (bytes) => exact.get(bytes) : (bytes) => exact.get(bytes) ?? other
  const within = lengths.length === 1 ? sorted(ranges) : oneByOne(ranges, lengths)
  return (bytes) => exact.get(bytes) ?? within(bytes) ?? other
}

/** Intervals of one set do not overlap, the kernel sees to it. */
const sorted = (ranges: readonly Range[]): RuleSet['get'] => {
  const flat = ranges.map(({ bounds: [bounds], value }) => ({ ...(bounds as Bounds), value }))
  flat.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  return (bytes) => {
    let [from, to] = [0, flat.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((flat[middle] as Bounds).low <= bytes) from = middle + 1
      else to = middle
    }
    const found = flat[from - 1]
    return found !== undefined && bytes <= found.high ? found.value : undefined
  }
}

const oneByOne = (ranges: readonly Range[], lengths: readonly number[]): RuleSet['get'] => {
  const places: (readonly [start: number, end: number])[] = []
  let at = 0
  for (const length of lengths) {
    places.push([at, at + length])
    at += (length + 3) & ~3
  }
  return (bytes) => {
    const parts = places.map(([start, end]) => bytes.slice(start, end))
    return ranges.find(({ bounds }) =>
      bounds.every(({ low, high }, index) => low <= (parts[index] ?? '') && (parts[index] ?? '') <= high),
    )?.value
  }
}
