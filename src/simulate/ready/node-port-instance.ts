import type { ReadyScenario } from './ready.ts'

export const nodePortInstance: ReadyScenario = {
  name: 'node-port-instance',
  summary: 'an external load balancer knocks at every node',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: node-port-instance
about: >-
  In instance mode the balancer picks a node and the rules of the node pick a pod, often on another node: a second hop, and the
  address of the client is lost. In ip mode it goes straight to a pod.
duration: 10m
warmUp: 2m
nodes: 4
pods:
  - {name: web, count: 4, nodes: [node-0]}
  - {name: more, count: 2, nodes: [node-1]}
clients: {from: outside, count: 50, connections: 4, life: {exponential: 1m}}
policy: {scheduler: nft-random, loadBalancer: {mode: instance}}
compare: 
  - {name: instance, loadBalancer: {mode: instance}}
  - {name: ip, loadBalancer: {mode: ip}}
  - {name: ip least-connections, loadBalancer: {mode: ip, scheduler: least-connections}}
`,
}
