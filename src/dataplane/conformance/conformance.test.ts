import { describe, expect, test } from 'vitest'
import { addressBytes, formatEndpoint } from '../../model/address.ts'
import type { Fraction, Packet, Trace } from '../../model/packet.ts'
import { decide } from '../../routing/decide.ts'
import { Planner } from '../../routing/planner.ts'
import { caseInput, type ConformanceCase, type Expectation, lacking } from './case.ts'
import { conformanceCases } from './conformance.ts'
import type { Plane, PlaneObject } from '../plane.ts'
import { loadPlane, planeNames } from '../registry.ts'

const planes = await Promise.all(planeNames.map(loadPlane))

const planned = (row: ConformanceCase): Planner => {
  const { snapshot, node } = caseInput(row)
  const planner = new Planner(node)
  planner.sync(snapshot)
  return planner
}

const sorted = ({ verdict, backends = [], masquerade }: Expectation) =>
  verdict === 'dnat' ? { verdict, backends: [...backends].sort(), masquerade } : { verdict }

const share = ({ numerator, denominator }: Fraction): number => Number(numerator) / Number(denominator)

/** Each backend's expected share of new connections. */
const sharesOf = ({ backends = [], weights = backends.map(() => 1) }: Expectation): ReadonlyMap<string, number> => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return new Map(backends.map((name, i) => [name, (weights[i] ?? 0) / total]))
}

/** Schedulers that give one client one backend, so that a packet meets some of the backends only. */
const hashes = new Set<string>(['sh', 'dh', 'maglev'])

const tracedBy = (plane: Plane<PlaneObject>, { node, frontends }: Planner): ((packet: Packet) => Trace) =>
  plane.trace([plane.base(node), ...[...frontends.values()].map((frontend) => plane.compile(frontend, node))], node)

test('the table has rows for every theme in both families, and no two of one name', () => {
  expect(conformanceCases.length).toBeGreaterThanOrEqual(120)
  expect(new Set(conformanceCases.map(({ name }) => name)).size).toBe(conformanceCases.length)
})

describe.each(conformanceCases)('$name', (row) => {
  const planner = planned(row)

  test('its objects are read without a fault, and the plan complains of what it should', () => {
    expect(caseInput(row).problems).toEqual([])
    expect(planner.problems().map(({ object }) => object)).toEqual(row.problems)
  })

  test.each(row.packets)('decide: $name', (packet) => {
    const decision = decide(planner.frontends, packet, planner.node)
    const backends = decision.backends.map(({ backend }) => formatEndpoint(backend.address, backend.port))
    expect(sorted({ ...decision, backends })).toEqual(sorted(packet.expect))
    const weights = decision.backends.map(({ weight }) => weight)
    if (packet.expect.weights !== undefined)
      expect(sharesOf({ ...decision, backends, weights })).toEqual(sharesOf(packet.expect))
  })

  describe.each(planes)('$name', (plane) => {
    const missing = lacking(plane.capabilities, row.needs)
    const traced = tracedBy(plane, planner)

    test.for(row.packets)('traces: $name', (packet, { skip }) => {
      if (missing.length > 0) skip(`${plane.name} lacks ${missing.join(', ')}`)
      const trace = traced(packet)
      const backends = trace.backends.map(({ address, port }) => formatEndpoint(address, port))
      if (row.needs.some((need) => hashes.has(need)) && trace.verdict === 'dnat') {
        expect(backends.length).toBeGreaterThan(0)
        expect(packet.expect.backends).toEqual(expect.arrayContaining(backends))
        expect(trace.masquerade).toBe(packet.expect.masquerade)
        return
      }
      expect(sorted({ ...trace, verdict: trace.verdict as Expectation['verdict'], backends })).toEqual(
        sorted(packet.expect),
      )
      const shares = sharesOf(packet.expect)
      trace.backends.forEach(({ probability }, i) =>
        expect(share(probability)).toBeCloseTo(shares.get(backends[i] ?? '') ?? 0, 8),
      )
      expect(trace.unknown).toEqual([])
    })
  })
})

test('decide takes addresses as the planner writes them', () => {
  const packets: Packet[] = conformanceCases.flatMap(({ packets }) => packets)
  for (const { from, to } of packets) expect([addressBytes(from).length, from]).toEqual([addressBytes(to).length, from])
})
