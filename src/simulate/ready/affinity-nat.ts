import type { ReadyScenario } from './ready.ts'

export const affinityNat: ReadyScenario = {
  name: 'affinity-nat',
  summary: 'session affinity where many clients share an address',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: affinity-nat
about: >-
  Five hundred clients come from six addresses (NAT). Affinity and source hashing draw once for each address, not for each connection:
  six draws on four pods are never even.
duration: 3m
warmUp: 2m
nodes: 3
pods: 4
clients: {count: 500, clientsPerAddress: 84, connections: 1, life: {exponential: 1m}}
policy: nft-random
compare: [nft-random, nft-random+affinity=3h, ipvs-sh, maglev]
`,
}
