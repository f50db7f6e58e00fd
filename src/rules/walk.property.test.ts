import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask, chance, chain, hook, probe, set, table } from '../../test/support/rules.ts'
import type { Fraction } from '../model/packet.ts'
import { u16, u32, u8 } from './bytes.ts'
import { add, fraction, multiply, one, subtract, sum } from './fraction.ts'
import type { Chain, Field, Rule, Statement, Table } from './model.ts'
import type { Outcome } from './outcome.ts'
import { printRule } from './print.ts'
import { equals, field, jump } from './terms.ts'
import { traceOf } from './trace.ts'

const CHAINS = 6
/** A second of work when nobody else has any. */
const SLOW = { timeout: 60_000 }
const address = (n: number): string => u32(0x0a600000 + n)

const matches = fc.oneof(
  fc.nat(3).map((n): Statement => equals('ip daddr', address(n))),
  fc.constantFrom(80, 443).map((port): Statement => equals('th dport', u16(port))),
  fc.nat(3).map((mark): Statement => equals('meta mark', u32(mark))),
  fc.constantFrom(0.25, 0.5, 0.3333333333, 0, 1).map(chance),
)
const verdicts = fc.oneof(
  fc.constantFrom<Statement>(
    jump({ verdict: 'accept' }),
    jump({ verdict: 'drop' }),
    jump({ verdict: 'return' }),
    { kind: 'reject', with: 'tcp-reset' },
    { kind: 'counter' },
    { kind: 'masquerade', fullyRandom: false },
  ),
  fc.nat(3).map((n): Statement => ({ kind: 'mark', and: 0, xor: n })),
  fc.nat(3).map((n): Statement => ({ kind: 'dnat', address: address(n), port: 8080 })),
)
const jumps = (verdict: 'jump' | 'goto', least: number): fc.Arbitrary<Statement> =>
  fc.integer({ min: least, max: CHAINS }).map((n): Statement => jump({ verdict, chain: `c${n}` }))

/** Chains c0 … that jump only to later ones; `c6` is not there. */
const acyclic: fc.Arbitrary<readonly Chain[]> = fc
  .tuple(
    ...Array.from({ length: CHAINS }, (_, i) =>
      fc.array(
        fc
          .tuple(fc.array(matches, { maxLength: 2 }), fc.oneof(verdicts, jumps('jump', i + 1), jumps('goto', i + 1)))
          .map(([parts, verdict]): Rule => ({ statements: [...parts, verdict] })),
        { maxLength: 4 },
      ),
    ),
  )
  .map((all) => all.map((rules, i) => chain(`c${i}`, ...rules)))

const base = (policy: 'accept' | 'drop', type: 'nat' | 'filter'): Chain => ({
  name: 'base',
  hook: { ...hook('prerouting', -100, type), policy },
  rules: [{ statements: [jump({ verdict: 'jump', chain: 'c0' })] }],
})

interface State {
  readonly daddr: string
  readonly dport: number
  readonly mark: number
  readonly masquerade: boolean
  readonly dnat: boolean
}
type Found = Map<string, Fraction>

/** The plain way: every branch by itself, rule by rule, with a stack of where to go on. No merging, no index. */
const plainly = (chains: ReadonlyMap<string, Chain>, policy: 'accept' | 'drop'): Found => {
  const found: Found = new Map()
  const end = (verdict: string, { daddr, dport, masquerade, dnat }: State, odds: Fraction): void => {
    const key = `${verdict === 'accept' && dnat ? 'dnat' : verdict === 'accept' ? 'none' : verdict} ${daddr} ${dport} ${masquerade}`
    found.set(key, add(found.get(key) ?? fraction(0n, 1n), odds))
  }
  interface Place {
    readonly rules: readonly Rule[]
    readonly at: number
  }
  const go = (places: readonly Place[], state: State, odds: Fraction): void => {
    if (odds.numerator === 0n) return
    const top = places.at(-1)
    if (top === undefined) {
      end(policy, state, odds)
      return
    }
    const rule = top.rules[top.at]
    const below = places.slice(0, -1)
    if (rule === undefined) {
      go(below, state, odds)
      return
    }
    const on = [...below, { rules: top.rules, at: top.at + 1 }]
    let hit = odds
    for (const part of rule.statements.slice(0, -1)) {
      const share = holds(part, state)
      go(on, state, multiply(hit, subtract(one, share)))
      hit = multiply(hit, share)
    }
    if (hit.numerator === 0n) return
    const last = rule.statements.at(-1) as Statement
    if (last.kind === 'jump') {
      const to = last.jump
      if (to.verdict === 'return') go(below, state, hit)
      else if (!('chain' in to)) end(to.verdict, state, hit)
      else {
        const chainThere = chains.get(to.chain)
        const next = chainThere === undefined ? [] : [{ rules: chainThere.rules, at: 0 }]
        go([...(to.verdict === 'jump' ? on : below), ...next], state, hit)
      }
    } else if (last.kind === 'dnat') {
      end('accept', { ...state, daddr: last.address, dport: last.port, dnat: true }, hit)
    } else if (last.kind === 'reject') end('reject', state, hit)
    else if (last.kind === 'masquerade') end('accept', { ...state, masquerade: true }, hit)
    else go(on, last.kind === 'mark' ? { ...state, mark: last.xor } : state, hit)
  }
  const { daddr, dport } = probe
  const start = chains.get('base')?.rules ?? []
  go([{ rules: start, at: 0 }], { daddr, dport, mark: 0, masquerade: false, dnat: false }, one)
  return found
}

const holds = (part: Statement, { daddr, dport, mark }: State): Fraction => {
  if (part.kind === 'chance') return part.odds
  if (part.kind !== 'match' || part.left.kind !== 'field') throw new Error(part.kind)
  const values: Partial<Record<Field, string>> = { 'ip daddr': daddr, 'th dport': u16(dport), 'meta mark': u32(mark) }
  return values[part.left.field] === part.right ? one : fraction(0n, 1n)
}

const asFound = ({ ends }: Outcome): Found => {
  const found: Found = new Map()
  for (const { verdict, daddr, dport, masquerade, odds } of ends) {
    const key = `${verdict} ${daddr} ${dport} ${masquerade}`
    found.set(key, add(found.get(key) ?? fraction(0n, 1n), odds))
  }
  return found
}

const tableOf = (chains: readonly Chain[], policy: 'accept' | 'drop', type: 'nat' | 'filter'): Table =>
  table([base(policy, type), ...chains])

test('pushing mass gives what following every branch by itself gives', SLOW, () => {
  fc.assert(
    fc.property(acyclic, fc.constantFrom('accept', 'drop'), (chains, policy) => {
      const rules = tableOf(chains, policy, 'nat')
      const found = asFound(ask(rules, { daddr: address(1) }))
      const plain = plainly(rules.chains, policy)
      for (const map of [found, plain]) for (const [key, odds] of map) if (odds.numerator === 0n) map.delete(key)
      expect(new Map([...found].sort())).toEqual(new Map([...plain].sort()))
    }),
    { numRuns: 1000 },
  )
})

const odd = fc.constantFrom<Statement>(
  { kind: 'unknown', text: '-m odd' },
  { kind: 'unknown', text: '-j ODD', role: 'target' },
  { kind: 'state', text: 'nobody is in the list' },
  { kind: 'state', text: 'below the limit', assume: true },
  { kind: 'notrack' },
  { kind: 'redirect', port: 15001 },
  { kind: 'snat', address: address(7) },
  { kind: 'ct-mark', and: 0, xor: 5 },
  { kind: 'restore-mark', ctMask: 0xff, markMask: 0xff },
  { kind: 'save-mark', ctMask: 0xff, markMask: 0xff },
  { kind: 'side-effect', text: 'LOG' },
  { kind: 'lookup', key: [field('ip saddr')], set: 'gone', negated: true },
  { kind: 'dnat-map', key: [field('meta l4proto')], map: 'strange' },
  { kind: 'match', left: field('ip daddr'), op: '==', right: 'xyz' },
  { kind: 'match', left: { kind: 'numgen', mode: 'random', modulus: 0, offset: 0 }, op: '==', right: u32(0) },
  {
    kind: 'match',
    left: { kind: 'jhash', of: [field('th sport')], modulus: 0, offset: 0, seed: 1 },
    op: '==',
    right: u32(0),
  },
  { kind: 'vmap', key: [field('meta iifname')], map: 'gone' },
  { kind: 'dnat-map', key: [{ kind: 'numgen', mode: 'random', modulus: 3, offset: 0 }], map: 'gone' },
  { kind: 'match', left: field('meta iifname'), op: '!=', right: 'lo'.padEnd(16, '\0') },
  { kind: 'match', left: field('th sport'), op: '==', right: u16(1) },
  { kind: 'match', left: field('icmp type'), op: '==', right: u8(8) },
  { kind: 'match', left: { kind: 'symhash', modulus: 3, offset: 0 }, op: '==', right: u32(1) },
  { kind: 'match', left: { kind: 'numgen', mode: 'inc', modulus: 7, offset: 1 }, op: '!=', right: u32(1) },
  { kind: 'range', left: field('th dport'), negated: false, low: u16(80), high: u16(90) },
)
/** Data that is no address. */
const strange = set('strange', { [u8(6)]: { to: 'data', data: 'abcdef' } })
const anyRule = fc
  .array(fc.oneof(matches, verdicts, odd, jumps('jump', 0), jumps('goto', 0)), { maxLength: 4 })
  .map((statements): Rule => ({ statements }))
const wild = fc
  .array(fc.array(anyRule, { maxLength: 5 }), { minLength: CHAINS, maxLength: CHAINS })
  .map((all) => all.map((rules, i) => chain(`c${i}`, ...rules)))

test('any rules, jumps in circles among them: it ends, nothing is lost, and people can be told', SLOW, () => {
  const hooks = fc.array(
    fc.constantFrom(
      hook('prerouting', -300, 'filter'),
      hook('prerouting'),
      hook('forward', 0, 'filter'),
      hook('input', 0, 'filter'),
      hook('output'),
      hook('postrouting', 100),
    ),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(wild, hooks, fc.boolean(), fc.boolean(), (chains, at, own, keeps) => {
      const bases = at.map(
        (where, i): Chain => ({
          name: `base${i}`,
          hook: where,
          rules: [{ statements: [jump({ verdict: i % 2 === 0 ? 'jump' : 'goto', chain: `c${i}` })] }],
        }),
      )
      const outcome = ask(
        table([...bases, ...chains], [strange]),
        { entry: own ? 'output' : 'prerouting', keeps: () => keeps },
        { accepts: true, misses: 20 },
      )
      expect(sum(outcome.ends.map(({ odds }) => odds))).toEqual(one)
      for (const { ends } of outcome.possible) expect(sum(ends.map(({ odds }) => odds))).toEqual(one)
      const trace = traceOf(outcome)
      expect(trace.partial).toBe(outcome.unknown.length > 0)
      for (const { rules } of chains) for (const rule of rules) printRule(rule, 'inet')
    }),
    { numRuns: 500 },
  )
})

test('a long chain is looked up by destination as if it were walked', SLOW, () => {
  /** the same question in words that are not indexed */
  const walked = (statement: Statement): Statement =>
    statement.kind === 'match' && statement.left.kind === 'field' && statement.left.field === 'ip daddr'
      ? { kind: 'range', left: statement.left, low: statement.right, high: statement.right, negated: false }
      : statement
  const rules = fc.array(
    fc
      .tuple(fc.array(matches, { minLength: 1, maxLength: 2 }), fc.oneof(verdicts, odd))
      .map(([parts, verdict]): Rule => ({ statements: [...parts, verdict] })),
    { minLength: 40, maxLength: 60 },
  )
  const filler = Array.from(
    { length: 60 },
    (_, i): Rule => ({ statements: [equals('ip daddr', address(100 + i)), jump({ verdict: 'drop' })] }),
  )
  fc.assert(
    fc.property(rules, fc.nat(3), (some, n) => {
      const mixed = [...filler.slice(0, 30), ...some, ...filler.slice(30)]
      const outcome = (all: readonly Rule[]): Outcome =>
        ask(table([base('accept', 'nat'), chain('c0', ...all)]), { daddr: address(n) })
      const looked = outcome(mixed)
      const plain = outcome(mixed.map(({ statements }) => ({ statements: statements.map(walked) })))
      expect(looked.ends).toEqual(plain.ends)
      expect(looked.unknown).toEqual(plain.unknown)
      expect(looked.path.map(({ result }) => result)).toEqual(plain.path.map(({ result }) => result))
    }),
    { numRuns: 200 },
  )
})
