import type { ReadyScenario } from './ready.ts'

export const scaleUp: ReadyScenario = {
  name: 'scale-up',
  summary: 'five pods become ten, connections stay',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: scale-up
about: >-
  New pods get connections only when connections are opened. Where they stay for ever the five new pods stay idle. Ending them at an age
  T gives a new pod its share after T; steering the reconnects to the pods with the fewest is faster, T times ln 2. Clients that come anew at random
  moments (--set clients.life.exponential=5m) bring it to 63 % after T and to 95 % after 3T.
duration: 30m
nodes: 4
pods: 5
clients: {count: 100, connections: 2, life: forever, requests: {perSecond: 2}}
events:
  - at: 0s
    scale: {replicas: 10}
policy: nft-random
compare: [nft-random, nft-random+maxAge=5m, nft-random+maxRequests=300, lc+counts=shared+maxAge=5m]
`,
}
