import type { ReadyScenario } from './ready.ts'

export const longLivedRr: ReadyScenario = {
  name: 'long-lived-rr',
  summary: 'every fourth connection is long, four pods take turns',
  text: `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
name: long-lived-rr
about: >-
  Round robin gives each pod as many connections as the others, but not as long ones: where every fourth is long and there are four
  pods, one pod gets them all. Random does not keep step with anybody; least connections sees what is open.
duration: 40m
warmUp: 30m
nodes: 1
pods: 4
clients:
  count: 20
  arrivals: {perSecond: 0.025, spacing: steady}
  life: {cycle: [10m, 1s, 1s, 1s]}
policy: nft-rr
compare: [nft-rr, nft-random, nft-sh, ipvs-lc]
`,
}
