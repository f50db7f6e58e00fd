import {
  clientsOf,
  defaultProbe,
  defaultTemplate,
  exponential,
  fixed,
  forever,
  nodesOf,
  podsOf,
  policyOf,
  scenarioOf,
} from '../../src/simulate/defaults.ts'
import type { Policy, RunOutcome, Scenario, Traffic } from '../../src/simulate/model.ts'

export const indexes = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
export const pool = (connections: number, life: Traffic['life'] = forever): Traffic => ({
  kind: 'pool',
  connections,
  life,
  reconnect: fixed(0),
})

/** One node, four pods, 400 connections for ever, spread by rr; a sample each second. */
export const base = (changes: Partial<Scenario> = {}): Scenario =>
  scenarioOf({
    seconds: 100,
    sampleSeconds: 1,
    nodes: nodesOf(1),
    pods: podsOf(4, 1),
    policy: policyOf('nft-rr'),
    clients: [clientsOf('c', 4, [0], pool(100))],
    ...changes,
  })

export const openAt = (outcome: RunOutcome, second: number): number[] => {
  const pods = outcome.pods.length
  return Array.from(outcome.amounts.subarray(second * pods, (second + 1) * pods))
}
export const readyAt = (outcome: RunOutcome, second: number): number =>
  outcome.states
    .subarray(second * outcome.pods.length, (second + 1) * outcome.pods.length)
    .filter((state) => (state & 1) === 1).length
export const total = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0)
export const came = (outcome: RunOutcome): string[] =>
  outcome.pods.filter(({ startedAt }) => !Number.isNaN(startedAt)).map(({ name }) => name)

/** A bit of everything. */
export const busy = (policy: Policy = policyOf('nft-random')): Scenario =>
  scenarioOf({
    seconds: 60,
    warmUpSeconds: 10,
    sampleSeconds: 5,
    nodes: nodesOf(3, { lag: exponential(0.5) }),
    pods: podsOf(4, 3, { probe: defaultProbe }),
    policy,
    clients: [
      clientsOf('pool', 12, indexes(3), { kind: 'pool', connections: 3, life: exponential(20), reconnect: fixed(0.1) }),
      clientsOf('short', 3, [0, 1], { kind: 'arrivals', perSecond: 2, spacing: 'poisson', life: exponential(1) }),
    ],
    events: [
      {
        kind: 'rolling-update',
        at: 10,
        maxSurge: 1,
        maxUnavailable: 1,
        minReadySeconds: 0,
        template: { ...defaultTemplate, startup: exponential(2), probe: defaultProbe, graceSeconds: 5 },
      },
      { kind: 'restart', at: 30, pods: [0], downSeconds: 3 },
    ],
  })
