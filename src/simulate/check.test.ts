import { describe, expect, test } from 'vitest'
import { busy } from '../../test/support/scenarios.ts'
import { checkScenario, problemsOf } from './check.ts'
import { defaultProbe, defaultTemplate, exponential, fixed, nodesOf, policyOf } from './defaults.ts'
import type { Scenario } from './model.ts'
import { simulate, simulateOnce } from './simulate.ts'

describe('scenarios that make no sense', () => {
  const paths = (changes: Partial<Scenario>): string[] => problemsOf({ ...busy(), ...changes }).map(({ path }) => path)
  const [group] = busy().clients
  const [pod] = busy().pods
  if (group === undefined || pod === undefined) throw new Error('busy() has both')

  const rows: [path: string, changes: Partial<Scenario>][] = [
    ['seconds', { seconds: 0 }],
    ['sampleSeconds', { sampleSeconds: 1e-9 }],
    ['warmUpSeconds', { warmUpSeconds: -1 }],
    ['evenLimit', { evenLimit: 1 }],
    ['nodes[3].lag', { nodes: [...nodesOf(3), ...nodesOf(1, { lag: { kind: 'uniform', low: 2, high: 1 } })] }],
    ['pods[0].node', { pods: [{ ...pod, node: 9 }] }],
    ['pods[0].address', { pods: [{ ...pod, address: '10.0.0' }] }],
    ['pods[0].weight', { pods: [{ ...pod, weight: 1.5 }] }],
    ['pods[0].graceSeconds', { pods: [{ ...pod, lameDuckSeconds: 9, graceSeconds: 5 }] }],
    ['pods[0].probe.periodSeconds', { pods: [{ ...pod, probe: { ...defaultProbe, periodSeconds: 0 } }] }],
    ['clients[0].count', { clients: [{ ...group, count: 0 }] }],
    ['clients[0].nodes', { clients: [{ ...group, nodes: [7] }] }],
    ['clients[0].nodes', { clients: [{ ...group, nodes: [] }] }],
    ['clients[0].traffic.life', { clients: [{ ...group, traffic: { ...group.traffic, life: fixed(0) } }] }],
    ['clients[0].traffic.life.mean', { clients: [{ ...group, traffic: { ...group.traffic, life: exponential(-3) } }] }],
    ['clients[0].requests.perSecond', { clients: [{ ...group, requests: { ...group.requests, perSecond: NaN } }] }],
    ['events[0].pods', { events: [{ kind: 'fail', at: 0, pods: [99], seconds: 1 }] }],
    ['events[0].replicas', { events: [{ kind: 'scale', at: 0, replicas: -1, template: defaultTemplate }] }],
    [
      'events[0]',
      {
        events: [
          {
            kind: 'rolling-update',
            at: 0,
            maxSurge: 0,
            maxUnavailable: 0,
            minReadySeconds: 0,
            template: defaultTemplate,
          },
        ],
      },
    ],
    ['policy.affinitySeconds', { policy: policyOf('lc', { affinitySeconds: 0 }) }],
    ['policy.maxRequests', { policy: policyOf('lc', { maxRequests: 0 }) }],
    ['policy.counts', { policy: policyOf('ipvs-rr', { counts: 'shared' }) }],
  ]
  test.each(rows)('%s', (path, changes) => expect(paths(changes)).toEqual([path]))

  test('both ways in refuse them, with the path', async () => {
    const wrong = { ...busy(), seconds: -1 }
    expect(() => simulateOnce(wrong, '1')).toThrow(/^seconds: more than 0/)
    await expect(simulate(wrong)).rejects.toThrow(/^seconds: more than 0/)
  })

  test('what makes sense passes', () => expect(() => checkScenario(busy())).not.toThrow())
})
