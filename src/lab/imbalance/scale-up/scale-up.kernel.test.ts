import { afterEach, describe, expect, it } from 'vitest'
import { removeLab } from '../../state.ts'
import type { ImbalanceRun } from '../report.ts'
import { runScaleUp } from './scale-up.ts'
import { variants } from './variants.ts'

const id = `scaleup${process.pid}`

afterEach(() => removeLab(id))

describe('the scenario scale-up', { timeout: 240_000 }, () => {
  it('leaves new pods idle without reconnects, and brings them their share with', async () => {
    const { report } = await runScaleUp({
      id,
      planes: ['nftables'],
      schedulers: ['rr'],
      pods: 4,
      nodes: 2,
      connections: 40,
      seed: 1,
      level: 0.05,
      repeat: 1,
      signal: new AbortController().signal,
      progress: () => {},
      note: () => {},
    })
    expect(report.runs.map(({ variant }) => variant)).toEqual(variants.map(({ name }) => name))
    const newPods = ({ backends }: ImbalanceRun): number =>
      backends.slice(2).reduce((sum, { connections }) => sum + connections, 0)
    const [idle, ...reconnecting] = report.runs
    if (idle === undefined) throw new Error('no run')
    expect(newPods(idle)).toBe(0)
    expect(idle).toMatchObject({ connections: 40, failures: 0, insideBand: true })
    expect(idle.facts).toMatchObject({ 'by the formula': 'never' })
    // three lives later nearly everybody has picked anew, and turns give the new pods half
    for (const run of reconnecting) expect(newPods(run)).toBeGreaterThan(10)
    for (const { series = [] } of report.runs) {
      expect(series[0]?.points.length).toBeGreaterThan(10)
      expect(series[0]?.predicted?.length).toBeGreaterThan(10)
    }
  })
})
