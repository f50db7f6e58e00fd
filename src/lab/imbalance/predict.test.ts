import { describe, expect, it } from 'vitest'
import { knownPlanes } from '../../dataplane/plane.ts'
import { clientsOf, fixed, forever, nodesOf, podsOf, policyOf, scenarioOf } from '../../simulate/defaults.ts'
import { type Scheduler, schedulers } from '../../simulate/model.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from './predict.ts'

const names = ['random', 'rr', 'sh', 'dh', 'maglev', 'lc', 'sed', 'nq'] as const

describe('the simulator’s name of what a plane does', () => {
  it.each(knownPlanes.flatMap((plane) => names.map((name) => [plane, name] as const)))('%s, %s', (plane, name) => {
    expect(schedulers).toContain(simulatedScheduler(plane, name))
  })

  it('is the kernel’s own where the plane has one', () => {
    expect(simulatedScheduler('iptables', 'random')).toBe('iptables-random')
    expect(simulatedScheduler('ipvs', 'lc')).toBe('ipvs-lc')
    expect(simulatedScheduler('nftables', 'rr')).toBe('nft-rr')
  })
})

const scenario = (scheduler: Scheduler) =>
  scenarioOf({
    seconds: 1,
    sampleSeconds: 1,
    nodes: nodesOf(1),
    pods: podsOf(4, 1),
    clients: [clientsOf('one', 1, [0], { kind: 'pool', connections: 8, life: forever, reconnect: fixed(1) })],
    policy: policyOf(scheduler),
  })

const open = (scheduler: Scheduler, seed: string, signal = new AbortController().signal) =>
  simulatedRows(withOtherAddresses(scenario(scheduler), seed), { seed, signal, runs: 40 }, ({ totals }) => [
    ...totals.open,
  ])

describe('rows of simulated runs', () => {
  it('are the same for the same seed and others for another', async () => {
    const rows = await open('nft-random', 'a')
    expect(rows).toHaveLength(40)
    expect(await open('nft-random', 'a')).toEqual(rows)
    expect(await open('nft-random', 'b')).not.toEqual(rows)
  })

  it('hash other clients in each run', async () => {
    const pods = new Set((await open('nft-sh', 'a')).map((row) => row.indexOf(8)))
    expect([...pods].sort()).toEqual([0, 1, 2, 3])
  })

  it('deal in turn exactly', async () => {
    for (const row of await open('nft-rr', 'a')) expect(row).toEqual([2, 2, 2, 2])
  })

  it('end with the signal, which is heard between two runs', async () => {
    const interrupt = new AbortController()
    const reason = new Error('interrupted')
    let runs = 0
    const rows = simulatedRows(scenario('nft-rr'), { seed: 'a', signal: interrupt.signal }, () => {
      if (runs++ === 0) setImmediate(() => interrupt.abort(reason))
      return [0]
    })
    await expect(rows).rejects.toBe(reason)
    expect(runs).toBeLessThan(10)
  })
})
