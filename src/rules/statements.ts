import { number } from './bytes.ts'
import type { Flow } from './flow.ts'
import { all, type Mass, part, rest } from './mass.ts'
import { answerOf, type Fact, isAside, isMatch, type Match, type Sight } from './matches.ts'
import type { Bytes, ElementValue, Jump, Key, Rule, RuleSet, Statement } from './model.ts'
import { printValue } from './print-values.ts'
import { hasConnection, keyValues } from './values.ts'

/** What becomes of (a share of) a flow at a statement. next: the next statement; break: the rule does not match. */
export type Step =
  | { readonly kind: 'next' | 'break'; readonly flow: Flow }
  | { readonly kind: 'jump'; readonly flow: Flow; readonly jump: Jump }
  | { readonly kind: 'dnat' | 'redirect' | 'masquerade' | 'snat' | 'reject'; readonly flow: Flow }

/** What the evaluator had to take one way, and would like to know. */
export interface Question {
  readonly text: string
  /** a match was not understood; else a fact of the packet is missing, which may make no difference */
  readonly always: boolean
  readonly fact?: Fact
}

/** What a statement needs to know besides the flow, and where it says what it had to assume. */
export interface Reader extends Sight {
  readonly rule: Rule
  /** a state of the kernel that nobody can know from the rules, e.g. who is in an affinity set */
  readonly condition: (text: string) => void
  /** not understood, whatever it does: the answer is partial */
  readonly unknown: (text: string) => void
  /** taken one way; true: this time take it the other way */
  readonly ask: (question: Question) => boolean
}

export const applyStatement = (statement: Statement, flow: Flow, reader: Reader): readonly Step[] => {
  if (isMatch(statement)) return applyMatch(statement, flow, reader)
  switch (statement.kind) {
    case 'vmap':
      return elements(statement.key, statement.map, flow, reader, (found, share) =>
        found.to === 'jump' ? { kind: 'jump', flow: share, jump: found.jump } : { kind: 'break', flow: share },
      )
    case 'dnat-map':
      return elements(statement.key, statement.map, flow, reader, (found, share) =>
        found.to === 'data' ? translatedBy(share, found.data, reader) : { kind: 'break', flow: share },
      )
    case 'dnat':
      return [{ kind: 'dnat', flow: translated(flow, statement.address, statement.port) }]
    case 'redirect':
      if (reader.around.entry === 'prerouting') reader.condition(REDIRECTED)
      return [{ kind: 'redirect', flow: redirected(flow, statement.port, reader) }]
    case 'masquerade':
      return [{ kind: 'masquerade', flow: { ...flow, masquerade: true, source: '' } }]
    case 'snat': {
      const source = statement.address === '' ? reader.probe.saddr : statement.address
      return [{ kind: 'snat', flow: { ...flow, masquerade: true, source } }]
    }
    case 'mark':
    case 'ct-mark':
    case 'save-mark':
    case 'restore-mark':
      if (statement.kind !== 'mark' && !hasConnection(flow, reader.around)) return [{ kind: 'next', flow }]
      return [{ kind: 'next', flow: { ...flow, ...marks(statement, flow) } }]
    case 'notrack':
      // nft_notrack.c, xt_CT.c: too late once conntrack has seen it
      return [{ kind: 'next', flow: reader.around.beforeConntrack ? { ...flow, untracked: true } : flow }]
    case 'reject':
      return [{ kind: 'reject', flow }]
    case 'jump':
      return [{ kind: 'jump', flow, jump: statement.jump }]
    case 'update':
    case 'counter':
    case 'side-effect':
      return [{ kind: 'next', flow }]
    case 'unknown':
      if (statement.role === 'target') {
        reader.unknown(statement.text)
        return [{ kind: 'next', flow }]
      }
      return [{ kind: reader.ask({ text: statement.text, always: true }) ? 'next' : 'break', flow }]
  }
}

/** A flow parts in two where a match is a matter of chance. */
const applyMatch = (match: Match, flow: Flow, reader: Reader): readonly Step[] => {
  const answer = answerOf(match, flow, reader)
  const step = (holds: boolean): readonly Step[] => [{ kind: holds ? 'next' : 'break', flow }]
  switch (answer.kind) {
    case 'certain':
      return step(answer.holds)
    case 'chance':
      if (answer.assumed !== undefined) reader.condition(answer.assumed)
      return [
        { kind: 'next', flow: share(flow, answer.odds) },
        { kind: 'break', flow: share(flow, rest(answer.odds)) },
      ]
    case 'condition':
      if (!isIdle(reader.rule)) reader.condition(answer.text)
      return step(answer.holds)
    case 'unsaid': {
      const { text, holds, fact } = answer
      if (isIdle(reader.rule)) return step(holds)
      return step(reader.ask({ text, always: false, ...(fact === undefined ? {} : { fact }) }) ? !holds : holds)
    }
    case 'missing':
      return step(reader.ask({ text: answer.text, always: true }))
  }
}

/** Nothing that a rule does decides where packets go: it logs or counts. */
export const isIdle = ({ statements }: Rule): boolean =>
  statements.every((one) => isMatch(one) || isAside(one) || (one.kind === 'unknown' && one.role !== 'target'))

const share = (flow: Flow, odds: Mass): Flow => (odds === all ? flow : { ...flow, odds: part(flow.odds, odds) })

const elements = (
  key: Key,
  name: string,
  flow: Flow,
  reader: Reader,
  found: (element: ElementValue, flow: Flow) => Step,
): readonly Step[] => {
  const map = reader.set(name)
  if (map?.dynamic) {
    reader.condition(`client not in map ${name}`)
    return [{ kind: 'break', flow }]
  }
  const values = keyValues(key, flow, reader.probe, reader.around)
  if (map === undefined || values.kind === 'unknown') {
    if (map === undefined) reader.unknown(`no map ${name}`)
    else if (!askEach(key, map, reader)) reader.unknown(`the key of map ${name} is not known`)
    return [{ kind: 'break', flow }]
  }
  if (values.kind === 'foreign') return [{ kind: 'break', flow }]
  if (values.assumed !== undefined) reader.condition(values.assumed)
  return values.values.map(({ bytes, odds }) => {
    const present = share(flow, odds)
    const element = map.get(bytes)
    return element === undefined ? { kind: 'break', flow: present } : found(element, present)
  })
}

/** A map asked by a fact that the packet as asked does not have: each of its keys is one that it may be. False: they cannot be listed. */
const askEach = ([first, ...more]: Key, map: RuleSet, reader: Reader): boolean => {
  if (first?.kind !== 'field' || more.length > 0 || map.entries === undefined || map.intervals === true) return false
  const { field } = first
  for (const [bytes] of map.entries()) {
    reader.ask({
      text: `${field} is not known (asked: ${printValue(first, bytes)})`,
      always: false,
      fact: { field, bytes, begins: false },
    })
  }
  return true
}

/** Data of a DNAT map: address, then port in its own 4 bytes; or an address alone. */
const translatedBy = (flow: Flow, data: Bytes, reader: Reader): Step => {
  const length = data.length > 8 ? 16 : 4
  if (data.length !== length && data.length !== length + 4) {
    reader.unknown(`DNAT to data of ${data.length} bytes`)
    return { kind: 'break', flow }
  }
  const port = data.length === length ? 0 : number(data.slice(length, length + 2))
  return { kind: 'dnat', flow: translated(flow, data.slice(0, length), port) }
}

const translated = (flow: Flow, address: Bytes, port: number): Flow => ({
  ...flow,
  daddr: address === '' ? flow.daddr : address,
  dport: port === 0 ? flow.dport : port,
  dnat: true,
})

const REDIRECTED =
  'redirected to an address of the interface by which the packet comes in: the unspecified address stands for it'
const LOOPBACK = { ip: '\x7f\0\0\x01', ip6: `${'\0'.repeat(15)}\x01` } as const
const ANY = { ip: '\0'.repeat(4), ip6: '\0'.repeat(16) } as const

/** nf_nat_redirect.c: an address of the interface by which the packet came in, which rules do not tell: the unspecified one stands for it. */
const redirected = (flow: Flow, port: number, { around, probe }: Reader): Flow => ({
  ...translated(flow, (around.entry === 'output' ? LOOPBACK : ANY)[probe.family], port),
  redirected: true,
})

type MarkStatement = Extract<Statement, { kind: 'mark' | 'ct-mark' | 'save-mark' | 'restore-mark' }>

const marks = (statement: MarkStatement, { mark, ctMark }: Flow): { mark: number } | { ctMark: number } => {
  switch (statement.kind) {
    case 'mark':
      return { mark: ((mark & statement.and) ^ statement.xor) >>> 0 }
    case 'ct-mark':
      return { ctMark: ((ctMark & statement.and) ^ statement.xor) >>> 0 }
    case 'save-mark':
      return { ctMark: ((ctMark & ~statement.ctMask) ^ (mark & statement.markMask)) >>> 0 }
    case 'restore-mark':
      return { mark: ((mark & ~statement.markMask) ^ (ctMark & statement.ctMask)) >>> 0 }
  }
}
