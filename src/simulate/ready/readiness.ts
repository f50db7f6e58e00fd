import type { ReadyScenario } from './ready.ts'

export const readiness: ReadyScenario = {
  name: 'readiness',
  summary: 'starting, failing and ending pods, with probes and lame-duck time',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: readiness
about: >-
  Pods take 20 s to start, one fails for a minute, and an update replaces all. With probes the rules know; what is refused is what comes before
  they notice. Without (--set pods.probe=false) connections go to pods that do not answer; without --set pods.lameDuck the nodes that
  lag send connections to pods that are gone.
duration: 10m
nodes: 
  - {name: node, count: 3, lag: {exponential: 1s}}
pods: {count: 6, startup: 20s, probe: {period: 5s}, lameDuck: 5s, grace: 30s, drain: close}
clients: {count: 60, arrivals: 0.1, life: {exponential: 5s}}
events:
  - at: 1m
    fail: {pods: [pod-0], for: 1m}
  - at: 4m
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
measure: opened
policy: nft-random
compare: [nft-random, nft-rr, ipvs-lc]
`,
}
