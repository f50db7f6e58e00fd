import type { ReadyScenario } from './ready.ts'

export const fewConnections: ReadyScenario = {
  name: 'few-connections',
  summary: 'ten connections on ten pods: what luck alone does',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: few-connections
about: >-
  Ten connections to ten pods. Nothing is wrong, and yet random leaves 3.5 pods idle on average and gives the busiest 2.75 times
  the mean. Turns and least connections are exact here, on one node.
duration: 1m
nodes: 1
pods: 10
clients: {count: 10, connections: 1}
policy: nft-random
compare: [nft-random, nft-rr, ipvs-lc, p2c]
`,
}
