import { describe, expect, it } from 'vitest'
import type { NodeObservation, Observation, ObservedBackend, ServiceFacts } from '../observation.ts'
import { readCase } from '../nulls/choices.ts'
import { attributeRules } from './attribution.ts'

const codes = (
  rules: readonly (readonly number[])[],
  facts: ServiceFacts = {},
  pod: (index: number) => Partial<ObservedBackend> = () => ({}),
): readonly string[] => {
  const nodes = rules.map(
    (odds, i): NodeObservation => ({ node: `node-${i}`, counts: odds.map((p) => (p > 0 ? 100 : 0)), odds }),
  )
  const backends = (rules[0] ?? []).map((_, i) => ({
    name: `pod-${i}`,
    count: nodes.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0),
    ...pod(i),
  }))
  const observation: Observation = { service: null, unit: 'connections', backends, nodes, facts }
  const situation = readCase(observation)
  return situation === null ? [] : attributeRules(situation).map(({ code, certainty }) => `${code} ${certainty}`)
}

const cluster: ServiceFacts = { internalTrafficPolicy: 'Cluster', externalTrafficPolicy: 'Cluster' }

describe('rules that no fact accounts for', () => {
  const behind = [
    [1, 1, 1],
    [1, 1, 1],
    [0, 1, 1],
  ]
  const apart = [
    [1, 0, 0],
    [0, 1, 1],
    [0, 1, 1],
  ]
  it('are stale where most nodes agree, for certain only where policies are known', () => {
    expect(codes(behind)).toEqual(['stale-rules likely'])
    expect(codes(behind, cluster)).toEqual(['stale-rules certain'])
  })
  it('are not named where nodes may keep to their own pods, and nobody knows where these are', () => {
    expect(codes(apart)).toEqual([])
    expect(codes(apart, { topologyHints: true })).toEqual(['topology-hints likely'])
    expect(codes(apart, cluster)).toEqual(['stale-rules likely'])
  })
  it('are not named where nodes are zones too', () => {
    const place = (i: number) => ({ node: `node-${i}`, zone: `zone-${i}` })
    const own = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
    expect(codes(own, {}, place)).toEqual([])
    expect(codes(own, { internalTrafficPolicy: 'Local' }, place)).toEqual(['local-traffic-policy certain'])
  })
  it('of nodes that do not keep to their place are stale besides', () => {
    const place = (i: number) => ({ node: i === 0 ? 'node-0' : i === 1 ? 'node-1' : 'node-2' })
    const mostly = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]
    expect(codes(mostly, { internalTrafficPolicy: 'Local' }, place)).toContain('stale-rules certain')
  })
  it('leave pods out on all nodes: stale only where these are ready', () => {
    const without = [
      [1, 1, 0],
      [1, 1, 0],
    ]
    expect(codes(without)).toEqual([])
    expect(codes(without, cluster, () => ({ ready: true }))).toEqual(['stale-rules likely'])
    expect(codes(without, { ...cluster, topologyHints: false }, () => ({ ready: true }))).toEqual([
      'stale-rules certain',
    ])
    expect(codes(without, cluster, (i) => ({ ready: i < 2 }))).toEqual(['unready-pods certain'])
  })
  it('are weights where all nodes prefer the same pods', () => {
    expect(codes([[2, 1, 1]])).toEqual(['weights likely'])
  })
})
