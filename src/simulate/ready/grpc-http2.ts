import type { ReadyScenario } from './ready.ts'

export const grpcHttp2: ReadyScenario = {
  name: 'grpc-http2',
  summary: 'gRPC: one connection carries everything',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: grpc-http2
about: >-
  Four clients with ten requests at a time need one HTTP/2 connection each: four draws on six pods, and at least two pods see nothing.
  Balancing connections cannot help; balancing requests can (l7-*), and a maximum age at least moves the load about.
duration: 5m
measure: requests
nodes: 4
pods: 6
clients: {count: 4, http2: {concurrency: 10, streams: 100}, requests: {perSecond: 5, duration: {exponential: 100ms}}}
policy: nft-random
compare: [nft-random, nft-random+maxAge=1m, lc+counts=shared, l7-rr, l7-least-request]
`,
}
