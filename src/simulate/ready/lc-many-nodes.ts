import type { ReadyScenario } from './ready.ts'

export const lcManyNodes: ReadyScenario = {
  name: 'lc-many-nodes',
  summary: 'a hundred nodes with three connections each',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: lc-many-nodes
about: >-
  Each node counts for itself and breaks ties alike: with least connections the first three pods of the list get a hundred connections each, the
  others none. Round robin that begins at the same pod everywhere does the same. Orders of their own, or luck, are better.
duration: 1m
nodes: 100
pods: 10
clients: {count: 100, connections: 3}
policy: ipvs-lc
compare: [ipvs-lc, ipvs-rr, ipvs-lc+order=shuffled, nft-rr, nft-random, lc+counts=shared]
`,
}
