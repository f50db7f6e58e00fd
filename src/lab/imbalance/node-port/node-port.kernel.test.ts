import { afterEach, describe, expect, it } from 'vitest'
import { removeLab } from '../../state.ts'
import type { ImbalanceRun } from '../report.ts'
import type { ImbalanceOptions } from '../scenario.ts'
import { findHaproxy } from './haproxy.ts'
import { runNodePort } from './node-port.ts'

const id = `nodeport${process.pid}`

afterEach(() => removeLab(id))

const options: ImbalanceOptions = {
  id,
  planes: ['nftables'],
  schedulers: ['rr'],
  pods: 4,
  nodes: 3,
  connections: 120,
  seed: 1,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
}

const counts = ({ backends }: ImbalanceRun): readonly number[] => backends.map(({ connections }) => connections)

describe('the scenario node-port', { timeout: 180_000 }, () => {
  it('spreads over pods, over nodes, and straight to pods, as HAProxy and the policy say', async (context) => {
    const missing = await findHaproxy().then(
      () => '',
      (error: unknown) => String(error),
    )
    context.skip(missing !== '', missing)
    const { report, faults } = await runNodePort(options)
    expect(faults).toEqual([])
    const [cluster, local, direct] = report.runs
    if (!cluster || !local || !direct) throw new Error('runs are missing')
    expect(report.runs).toHaveLength(3)
    for (const run of report.runs) expect(run).toMatchObject({ connections: 120, failures: 0 })
    // each of three nodes deals 40 in turn
    for (const count of counts(cluster)) expect(Math.abs(count - 30)).toBeLessThanOrEqual(3)
    expect(cluster.facts?.['source addresses that the pods saw']).not.toContain('balancer')
    expect(cluster.facts?.['connections that made a second hop']).toBeGreaterThan(60)
    // the pod alone on its node gets half; the node without pods nothing
    expect(counts(local)[0]).toBe(60)
    for (const count of counts(local).slice(1)) expect(Math.abs(count - 20)).toBeLessThanOrEqual(1)
    expect(counts(direct)).toEqual([30, 30, 30, 30])
    expect(direct.scheduler).toBe('none')
    for (const run of [local, direct])
      expect(run.facts).toMatchObject({
        'connections that made a second hop': 0,
        'nodes passed by a connection': '1.00',
        'source addresses that the pods saw': expect.stringMatching(/^192\.168\.77\.\d+ \(balancer\) 120 ×$/),
      })
  })
})
