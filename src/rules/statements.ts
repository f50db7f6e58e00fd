import type { Fraction } from '../model/packet.ts'
import { masked, number } from './bytes.ts'
import type { Flow, Sender, Surroundings } from './flow.ts'
import { isOne, isZero, multiply, one, subtract, sum } from './fraction.ts'
import type { Bytes, ElementValue, Jump, Key, RuleSet, Statement } from './model.ts'
import { keyValues, oddsWithin, valuesOf } from './values.ts'

/** What becomes of (a share of) a flow at a statement. next: the next statement; break: the rule does not match. */
export type Step =
  | { readonly kind: 'next' | 'break'; readonly flow: Flow }
  | { readonly kind: 'jump'; readonly flow: Flow; readonly jump: Jump }
  | { readonly kind: 'dnat' | 'masquerade' | 'reject'; readonly flow: Flow }

/** What a statement needs to know besides the flow, and where it says what it had to assume. */
export interface Reader {
  readonly sender: Sender
  readonly around: Surroundings
  readonly set: (name: string) => RuleSet | undefined
  /** a state of the kernel that nobody can know from the rules, e.g. who is in an affinity set */
  readonly condition: (text: string) => void
  /** not understood: the answer is partial */
  readonly unknown: (text: string) => void
}

export const applyStatement = (statement: Statement, flow: Flow, reader: Reader): readonly Step[] => {
  switch (statement.kind) {
    case 'match':
      return applyMatch(statement, flow, reader)
    case 'range': {
      const { left, low, high, negated } = statement
      return split(oddsWithin(left, low, high, flow, reader.sender, reader.around), negated, flow, reader, 'a field')
    }
    case 'lookup':
      return applyLookup(statement, flow, reader)
    case 'vmap':
      return elements(statement.key, statement.map, flow, reader, (found, share) =>
        found.to === 'jump' ? { kind: 'jump', flow: share, jump: found.jump } : { kind: 'break', flow: share },
      )
    case 'dnat-map':
      return elements(statement.key, statement.map, flow, reader, (found, share) =>
        found.to === 'data' ? translated(share, found.data) : { kind: 'break', flow: share },
      )
    case 'dnat':
      return [{ kind: 'dnat', flow: { ...flow, daddr: statement.address, dport: statement.port, dnat: true } }]
    case 'masquerade':
      return [{ kind: 'masquerade', flow: { ...flow, masquerade: true } }]
    case 'mark': {
      const mark = ((flow.mark & statement.and) ^ statement.xor) >>> 0
      return [{ kind: 'next', flow: { ...flow, mark } }]
    }
    case 'reject':
      return [{ kind: 'reject', flow }]
    case 'jump':
      return [{ kind: 'jump', flow, jump: statement.jump }]
    case 'update':
    case 'counter':
      return [{ kind: 'next', flow }]
    case 'unknown':
      reader.unknown(statement.text)
      return [{ kind: 'break', flow }]
  }
}

const applyMatch = (
  { left, op, right, mask }: Extract<Statement, { kind: 'match' }>,
  flow: Flow,
  reader: Reader,
): readonly Step[] => {
  const negated = op === '!='
  if (mask === undefined)
    return split(oddsWithin(left, right, right, flow, reader.sender, reader.around), negated, flow, reader, 'a field')
  const values = valuesOf(left, flow, reader.sender, reader.around)
  if (values.kind !== 'known') return split(values.kind, negated, flow, reader, 'a field')
  const hits = values.values.filter(({ bytes }) => masked(bytes, mask) === right)
  return split(sum(hits.map(({ odds }) => odds)), negated, flow, reader, 'a field')
}

const applyLookup = (
  { key, set: name, negated }: Extract<Statement, { kind: 'lookup' }>,
  flow: Flow,
  reader: Reader,
): readonly Step[] => {
  const set = reader.set(name)
  if (set?.dynamic) {
    reader.condition(`client not in set ${name}`)
    return [{ kind: negated ? 'next' : 'break', flow }]
  }
  const values = keyValues(key, flow, reader.sender, reader.around)
  if (set === undefined || values.kind !== 'known') {
    return split(values.kind === 'foreign' ? 'foreign' : 'unknown', negated, flow, reader, `set ${name}`)
  }
  const hits = values.values.filter(({ bytes }) => set.get(bytes) !== undefined)
  return split(sum(hits.map(({ odds }) => odds)), negated, flow, reader, name)
}

/** A flow parts in two where a match is a matter of chance. */
const split = (
  odds: Fraction | 'unknown' | 'foreign',
  negated: boolean,
  flow: Flow,
  reader: Reader,
  what: string,
): readonly Step[] => {
  if (odds === 'unknown') reader.unknown(`${what} is not known`)
  if (odds === 'unknown' || odds === 'foreign') return [{ kind: 'break', flow }]
  const [hit, miss] = negated ? (['break', 'next'] as const) : (['next', 'break'] as const)
  if (isOne(odds)) return [{ kind: hit, flow }]
  if (isZero(odds)) return [{ kind: miss, flow }]
  return [
    { kind: hit, flow: { ...flow, odds: multiply(flow.odds, odds) } },
    { kind: miss, flow: { ...flow, odds: multiply(flow.odds, subtract(one, odds)) } },
  ]
}

const elements = (
  key: Key,
  name: string,
  flow: Flow,
  reader: Reader,
  found: (element: ElementValue, share: Flow) => Step,
): readonly Step[] => {
  const map = reader.set(name)
  if (map?.dynamic) {
    reader.condition(`client not in map ${name}`)
    return [{ kind: 'break', flow }]
  }
  const values = keyValues(key, flow, reader.sender, reader.around)
  if (map === undefined || values.kind !== 'known') {
    if (values.kind !== 'foreign') reader.unknown(map === undefined ? `no map ${name}` : `the key of map ${name}`)
    return [{ kind: 'break', flow }]
  }
  if (values.assumed !== undefined) reader.condition(values.assumed)
  return values.values.map(({ bytes, odds }) => {
    const share = odds === one ? flow : { ...flow, odds: multiply(flow.odds, odds) }
    const element = map.get(bytes)
    return element === undefined ? { kind: 'break', flow: share } : found(element, share)
  })
}

/** Data of a DNAT map: address, then port in its own 4 bytes. */
const translated = (flow: Flow, data: Bytes): Step => {
  const length = data.length - 4
  const daddr = data.slice(0, length)
  return { kind: 'dnat', flow: { ...flow, daddr, dport: number(data.slice(length, length + 2)), dnat: true } }
}
