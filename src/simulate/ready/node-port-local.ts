import type { ReadyScenario } from './ready.ts'

export const nodePortLocal: ReadyScenario = {
  name: 'node-port-local',
  summary: 'traffic policy Local where nodes have unequal numbers of pods',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: node-port-local
about: >-
  With externalTrafficPolicy Local there is no second hop and the address of the client stays, but each node with a pod gets the same
  share: a pod that is alone on its node gets four times as much as one of four.
duration: 10m
warmUp: 2m
nodes: 3
pods:
  - {name: crowded, count: 4, nodes: [node-0]}
  - {name: alone, count: 1, nodes: [node-1]}
clients: {from: outside, count: 50, connections: 4, life: {exponential: 1m}}
policy: {scheduler: nft-random, loadBalancer: {mode: instance}}
compare: 
  - {name: instance Local, loadBalancer: {externalTrafficPolicy: Local}}
  - {name: instance Cluster, loadBalancer: {externalTrafficPolicy: Cluster}}
  - {name: ip, loadBalancer: {mode: ip}}
`,
}
