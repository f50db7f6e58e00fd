import type { ReadyScenario } from './ready.ts'

export const heavyClient: ReadyScenario = {
  name: 'heavy-client',
  summary: 'one client asks as much as twenty others',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: heavy-client
about: >-
  Twenty clients ask once a second, one asks twenty times a second over a single connection. Whichever pod that is gets half of
  all requests, however even connections are. Requests have to be spread (l7-*), or the client opens more connections:
  --set clients[1].connections=20.
duration: 2m
measure: requests
nodes: 4
pods: 5
clients:
  - {name: usual, count: 20, connections: 2}
  - {name: heavy, count: 1, connections: 1, requests: {perSecond: 20}}
policy: nft-random
compare: [nft-random, nft-rr, lc+counts=shared, l7-rr]
`,
}
