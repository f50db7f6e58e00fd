import { describe, expect, it } from 'vitest'
import type { NodeObservation, Observation } from '../observation.ts'
import { withKnownPlaces } from './known-places.ts'

const nodesOf = (rows: readonly (readonly number[])[]): readonly NodeObservation[] =>
  rows.map((counts, i) => ({ node: `node-${i}`, counts, odds: null }))

const observationOf = (rows: readonly (readonly number[])[], more: Partial<Observation> = {}): Observation => ({
  service: null,
  unit: 'connections',
  backends: (rows[0] ?? []).map((_, i) => ({ name: `pod-${i}`, count: 1 })),
  nodes: nodesOf(rows),
  facts: {},
  ...more,
})

const hints = { facts: { topologyHints: true } } as const

describe('places that nobody told', () => {
  it('are the sender of each pod, by policy Local', () => {
    const facts = { externalTrafficPolicy: 'Local' } as const
    const apart = withKnownPlaces(
      observationOf(
        [
          [9, 0, 0],
          [0, 4, 5],
        ],
        { facts },
      ),
    )
    expect(apart.backends.map(({ node }) => node)).toEqual(['node-0', 'node-1', 'node-1'])
    const shared = observationOf(
      [
        [9, 1, 0],
        [0, 4, 5],
      ],
      { facts },
    )
    expect(withKnownPlaces(shared)).toBe(shared)
    const unsaid = observationOf([
      [9, 0, 0],
      [0, 4, 5],
    ])
    expect(withKnownPlaces(unsaid)).toBe(unsaid)
  })
  it('are what nodes use together, by topology hints', () => {
    const placed = withKnownPlaces(
      observationOf(
        [
          [9, 8, 0, 0],
          [7, 9, 0, 0],
          [0, 0, 8, 9],
        ],
        hints,
      ),
    )
    expect(placed.backends.map(({ zone }) => zone)).toEqual([
      'the zone of pod-0',
      'the zone of pod-0',
      'the zone of pod-2',
      'the zone of pod-2',
    ])
    expect(placed.nodes?.map(({ zone }) => zone)).toEqual([
      'the zone of pod-0',
      'the zone of pod-0',
      'the zone of pod-2',
    ])
  })
  it('are not made out of clients that each use one pod, nor of a few connections', () => {
    const kept = observationOf(
      [
        [90, 0],
        [0, 80],
      ],
      hints,
    )
    expect(withKnownPlaces(kept)).toBe(kept)
    const few = observationOf(
      [
        [2, 1, 0],
        [0, 0, 3],
      ],
      hints,
    )
    expect(withKnownPlaces(few)).toBe(few)
  })
  it('are the zone of the only nodes that use a pod, where that is told', () => {
    const nodes = nodesOf([
      [3, 0],
      [0, 2],
    ]).map((node, i) => ({ ...node, zone: `zone-${i}` }))
    const placed = withKnownPlaces(observationOf([[3, 0]], { ...hints, nodes }))
    expect(placed.backends.map(({ zone }) => zone)).toEqual(['zone-0', 'zone-1'])
  })
  it('of a node without pods are those of the pods that it uses, if it had enough to use others', () => {
    const backends = ['zone-a', 'zone-a', 'zone-b'].map((zone, i) => ({ name: `pod-${i}`, count: 1, zone }))
    const placed = withKnownPlaces(
      observationOf(
        [
          [5, 6, 0],
          [0, 0, 3],
          [4, 4, 4],
        ],
        { backends },
      ),
    )
    expect(placed.nodes?.map(({ zone }) => zone)).toEqual(['zone-a', undefined, undefined])
  })
})
