import type { ReadyScenario } from './ready.ts'

export const rollingUpdate: ReadyScenario = {
  name: 'rolling-update',
  summary: 'pods are replaced one by one while connections stay',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: rolling-update
about: >-
  Each pod that goes breaks its connections, and the clients come back to the pods that are there by then: never to those that start
  later. The first new pods end heaviest, the last one is nearly idle. Only connections that end by themselves put it right.
duration: 20m
nodes: 3
pods: {name: web, count: 6, startup: 5s, probe: {period: 2s}, grace: 10s}
clients: {count: 60, connections: 5, life: forever, reconnect: {exponential: 500ms}}
events:
  - at: 1m
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0, minReady: 10s}
policy: nft-random
compare: [nft-random, ipvs-rr, ipvs-lc, nft-random+maxAge=5m, ipvs-lc+maxAge=5m]
`,
}
