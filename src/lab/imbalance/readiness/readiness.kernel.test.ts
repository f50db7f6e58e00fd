import { afterEach, describe, expect, it } from 'vitest'
import { removeLab } from '../../state.ts'
import { runReadiness } from './readiness.ts'

const id = `readiness${process.pid}`

afterEach(() => removeLab(id))

describe('the scenario readiness', { timeout: 240_000 }, () => {
  it('counts what a starting, a failing and a terminating pod cost, with probes and without', async () => {
    const { report } = await runReadiness({
      id,
      planes: ['nftables'],
      schedulers: ['rr'],
      pods: 2,
      nodes: 2,
      connections: 500,
      seed: 1,
      level: 0.05,
      repeat: 1,
      signal: new AbortController().signal,
      progress: () => {},
      note: () => {},
    })
    const [bare, probed] = report.runs
    if (!bare || !probed) throw new Error('runs are missing')
    expect([bare.variant, probed.variant]).toEqual(['without probe and preStop', 'readiness probe and preStop'])
    for (const run of [bare, probed]) {
      expect(run.predicted).toHaveLength(3)
      expect(run.backends).toHaveLength(3)
      // the pod that fails does so for seconds before anybody can know
      expect(run.predicted[1]?.value).toBeGreaterThan(0)
      expect(run.failures).toBeGreaterThan(0)
      expect(run.connections).toBeGreaterThan(run.failures)
    }
  })
})
