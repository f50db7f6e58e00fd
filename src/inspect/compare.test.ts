import { describe, expect, test } from 'vitest'
import { noTrace } from '../../test/support/no-trace.ts'
import { caseInput } from '../dataplane/conformance/case.ts'
import { conformanceCases } from '../dataplane/conformance/conformance.ts'
import { loadPlane } from '../dataplane/registry.ts'
import type { Frontend } from '../model/frontend.ts'
import type { Packet, Trace } from '../model/packet.ts'
import { oracle } from '../routing/decide.ts'
import { Planner } from '../routing/planner.ts'
import { compareAnswers } from './compare.ts'
import { compareFrontend, type FrontendComparison } from './compare-frontend.ts'

const plane = await loadPlane('nftables')

/** The plan of a cluster beside the nftables plane's rules for what `spoil` makes of its frontends. */
const compareAll = (
  planner: Planner,
  spoil: (frontend: Frontend) => Frontend | null = (frontend) => frontend,
): ReadonlyMap<string, FrontendComparison> => {
  const { node, frontends } = planner
  const inForce = [...frontends.values()].map(spoil).filter((frontend) => frontend !== null)
  const trace = plane.trace([plane.base(node), ...inForce.map((frontend) => plane.compile(frontend, node))], node)
  const sides = { node, decide: oracle(frontends, node), trace }
  return new Map([...frontends.values()].map((frontend) => [frontend.key, compareFrontend(frontend, sides)]))
}

const planned = (row: (typeof conformanceCases)[number]): Planner => {
  const { snapshot, node } = caseInput(row)
  const planner = new Planner(node)
  planner.sync(snapshot)
  return planner
}

const hashes = new Set<string>(['sh', 'dh', 'maglev'])
const rows = conformanceCases.filter(({ needs }) => !needs.some((need) => hashes.has(need) || need === 'sctp'))

describe('rules that are the plan show no difference', () => {
  test.each(rows)('$name', (row) => {
    for (const [key, found] of compareAll(planned(row))) expect([key, found]).toEqual([key, { is: 'same' }])
  })
})

const kindsOf = (found: ReadonlyMap<string, FrontendComparison>): readonly string[] =>
  [...found.values()].map((one) => (one.is === 'different' ? one.difference.kind : one.is))

describe('each change of the rules is told', () => {
  const hasThree = ({ sets }: Frontend): boolean => (sets.cluster?.backends.length ?? 0) > 2
  const planner = rows.map(planned).find(({ frontends }) => [...frontends.values()].some(hasThree))
  if (planner === undefined) throw new Error('no row has three backends')
  const key = [...planner.frontends.values()].find(hasThree)?.key
  const only = (change: (frontend: Frontend) => Frontend | null): readonly string[] =>
    kindsOf(compareAll(planner, (frontend) => (frontend.key === key ? change(frontend) : frontend))).filter(
      (kind) => kind !== 'same',
    )

  test('a frontend that is not there', () => expect(only(() => null)).toEqual(['verdict']))
  test('a backend less', () =>
    expect(
      only((frontend) => ({
        ...frontend,
        sets: { ...frontend.sets, cluster: { backends: (frontend.sets.cluster?.backends ?? []).slice(1) } },
      })),
    ).toEqual(['backends']))
  test('another share', () =>
    expect(
      only((frontend) => ({
        ...frontend,
        sets: {
          ...frontend.sets,
          cluster: {
            backends: (frontend.sets.cluster?.backends ?? []).map((one, i) => ({ ...one, weight: i === 0 ? 3 : 1 })),
          },
        },
      })),
    ).toEqual(['shares']))
})

test('a packet that shows it is told, in words', () => {
  const decision = {
    verdict: 'dnat',
    frontend: '10.96.0.1:80/TCP',
    source: 'pods',
    masquerade: false,
    backends: ['10.1.0.4', '10.1.0.5'].map((address) => ({
      backend: { address, port: 8080, weight: 1, pod: '', node: '' },
      weight: 1,
      masquerade: false,
    })),
  } as const
  const trace: Trace = { ...noTrace, verdict: 'reject' }
  const never = (): boolean => false
  expect(compareAnswers(decision, trace, never)).toEqual({
    is: 'different',
    kind: 'verdict',
    planned: 'dnat to 10.1.0.4:8080 50.0%, 10.1.0.5:8080 50.0%',
    found: 'reject',
  })
  expect(compareAnswers(decision, { ...trace, partial: true, unknown: ['-m string'] }, never)).toEqual({
    is: 'unsure',
    why: '-m string',
  })
  const half = { numerator: 1n, denominator: 2n }
  const backends = ['10.1.0.4', '10.1.0.5'].map((address, i) => ({
    address,
    port: 8080,
    probability: half,
    masquerade: i === 0,
  }))
  expect(compareAnswers(decision, { ...trace, verdict: 'dnat', backends }, never)).toMatchObject({ kind: 'masquerade' })
  // what is delivered on this node never reaches postrouting
  expect(compareAnswers(decision, { ...trace, verdict: 'dnat', backends }, (one) => one === '10.1.0.4')).toEqual({
    is: 'same',
  })
  // nobody's address: left alone, refused or dropped is all the same; translated is not
  const gone = { ...decision, verdict: 'drop', frontend: null, backends: [] } as const
  expect(compareAnswers(gone, trace, never)).toEqual({ is: 'same' })
  expect(compareAnswers(gone, { ...trace, verdict: 'dnat', backends }, never)).toMatchObject({ kind: 'stale' })
})

test('packets are of the family, distinct, and from everybody that this node knows of', () => {
  for (const one of rows) {
    const planner = planned(one)
    for (const frontend of planner.frontends.values()) {
      const packets: Packet[] = []
      compareFrontend(frontend, {
        node: planner.node,
        decide: oracle(planner.frontends, planner.node),
        trace: (packet) => {
          packets.push(packet)
          return noTrace
        },
      })
      expect(new Set(packets.map(({ from, to }) => `${from} ${to}`)).size).toBe(packets.length)
      expect(packets.every(({ from, to }) => from.includes(':') === to.includes(':'))).toBe(true)
    }
  }
})
