import type { ReadyScenario } from './ready.ts'

export const zoneHints: ReadyScenario = {
  name: 'zone-hints',
  summary: 'topology hints where zones have unequal numbers of pods',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: zone-hints
about: >-
  PreferSameZone keeps traffic in its zone: cheap and fast. Where zone a has as many clients as zone b but a third of its pods, these get
  three times as much.
duration: 10m
warmUp: 2m
nodes:
  - {name: a, count: 2, zone: a}
  - {name: b, count: 2, zone: b}
pods:
  - {name: in-a, count: 2, nodes: [a]}
  - {name: in-b, count: 6, nodes: [b]}
clients: {count: 40, connections: 5, life: {exponential: 1m}}
policy: nft-random
compare: [nft-random, nft-random+trafficDistribution=PreferSameZone]
`,
}
