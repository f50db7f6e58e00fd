import { describe, expect, test } from 'vitest'
import { addressBytes, formatEndpoint } from '../model/address.ts'
import type { Packet } from '../model/packet.ts'
import { decide } from '../routing/decide.ts'
import { Planner } from '../routing/planner.ts'
import { caseInput, type ConformanceCase, type Expectation } from './conformance-case.ts'
import { conformanceCases } from './conformance.ts'

const planned = (row: ConformanceCase): Planner => {
  const { snapshot, node } = caseInput(row)
  const planner = new Planner(node)
  planner.sync(snapshot)
  return planner
}

const sorted = ({ verdict, backends = [], masquerade }: Expectation) =>
  verdict === 'dnat' ? { verdict, backends: [...backends].sort(), masquerade } : { verdict }

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
    if (packet.expect.weights !== undefined) {
      const weights = new Map(packet.expect.backends?.map((name, i) => [name, packet.expect.weights?.[i]]))
      expect(decision.backends.map(({ weight }) => weight)).toEqual(backends.map((name) => weights.get(name)))
    }
  })
})

test('decide takes addresses as the planner writes them', () => {
  const packets: Packet[] = conformanceCases.flatMap(({ packets }) => packets)
  for (const { from, to } of packets) expect([addressBytes(from).length, from]).toEqual([addressBytes(to).length, from])
})
