import type { ReadyScenario } from './ready.ts'

export const pgbouncer: ReadyScenario = {
  name: 'pgbouncer',
  summary: 'four PgBouncer pods behind one Service, few connections that stay',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: pgbouncer
about: >-
  The published picture is four pods at 977, 995, 585 and 993 millicores. Twenty-eight connections that stay for hours and ask alike:
  how far luck alone takes the pods apart. The measure is CPU time, 0.36 ms for each query.
duration: 30m
measure: work
nodes: 4
pods: {name: pgbouncer, count: 4, cost: 0.36}
clients:
  name: app
  count: 28
  connections: 1
  life: {exponential: 4h}
  reconnect: 1s
  requests: {perSecond: 350}
policy: nft-random
compare: [nft-random, nft-rr, nft-rr+counts=shared, ipvs-lc, lc+counts=shared]
`,
}
