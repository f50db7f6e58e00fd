import type { ReadyScenario } from './ready.ts'

export const nodeLag: ReadyScenario = {
  name: 'node-lag',
  summary: 'one node takes no changes of its rules while pods are replaced',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: node-lag
about: >-
  A node whose agent hangs goes on sending to pods that are gone: its clients are refused, the others notice nothing. When it wakes, it has all
  changes at once.
duration: 10m
measure: opened
nodes: 4
pods: {count: 6, startup: 5s, probe: {period: 2s}, lameDuck: 5s, grace: 20s, drain: close}
clients: {count: 40, arrivals: 0.2, life: {exponential: 10s}}
events:
  - at: 50s
    stall: {nodes: [node-0], for: 5m}
  - at: 1m
    rollingUpdate: {}
policy: nft-random
compare: [nft-random, nft-rr, ipvs-lc]
`,
}
