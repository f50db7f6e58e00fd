import { afterEach, describe, expect, it } from 'vitest'
import { absentPlane } from '../../../test/support/absent-plane.ts'
import { listNetns } from '../ip.ts'
import { readLab, removeLab } from '../state.ts'
import { nameOf, runnableVariants } from '../variant.ts'
import { runScale, type ScaleOptions } from './scale.ts'

const id = `scaletest${process.pid}`

afterEach(() => removeLab(id))

const options = (change: Partial<ScaleOptions> = {}): ScaleOptions => ({
  id,
  planes: ['nftables', 'iptables'],
  sizes: [10, 30],
  endpoints: 3,
  budgetMs: 600_000,
  connections: 10,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
  ...change,
})

const gone = async (): Promise<void> => {
  expect((await listNetns()).filter((name) => name.includes(id))).toEqual([])
  expect(await readLab(id)).toBeUndefined()
}

describe('every plane with ever more Services', { timeout: 180_000 }, () => {
  it('is measured, and nothing is left', async () => {
    const { variants } = await runnableVariants(['nftables', 'iptables'])
    const { report, faults } = await runScale(options())
    expect(faults).toEqual([])
    expect(report.runs.map((run) => `${nameOf(run)} ${run.services}`)).toEqual(
      [10, 30].flatMap((size) => variants.map((variant) => `${nameOf(variant)} ${size}`)),
    )
    for (const { rules, fullSyncMs, changeMs, connectMicros } of report.runs)
      for (const value of [rules, fullSyncMs, changeMs.p50, ...(Object.values(connectMicros) as number[])])
        expect(value).toBeGreaterThan(0)
    // at least kube-proxy's: for each Service a jump, a mark, and for each endpoint a jump and two rules of its own
    const iptables = report.runs.filter(({ plane }) => plane === 'iptables')
    for (const small of iptables.filter(({ services }) => services === 10)) {
      const large = iptables.find((run) => run.services === 30 && run.iptables === small.iptables)
      expect((large?.rules ?? 0) - small.rules).toBeGreaterThanOrEqual(20 * (1 + 1 + 3 * 3))
    }
    expect(report.verdicts.map(nameOf)).toEqual(variants.map(nameOf))
    await gone()
  })

  it('begins nothing after its time', async () => {
    const { report, faults } = await runScale(options({ planes: ['nftables'], budgetMs: -1 }))
    expect(faults).toEqual([])
    expect(report.runs).toEqual([])
    expect(report.skipped.map(({ services, reason }) => [services, /minutes are over/.test(reason)])).toEqual([
      [10, true],
      [30, true],
    ])
    await gone()
  })

  it('says which planes are not here, and throws when none is', async () => {
    const { report } = await runScale(options({ planes: [absentPlane, 'nftables'], sizes: [10] }))
    expect(report.skipped).toEqual([{ plane: absentPlane, reason: expect.stringContaining('not in this version') }])
    await expect(runScale(options({ planes: [absentPlane] }))).rejects.toThrow(/absent: not in this version/)
    await gone()
  })

  it('clears up when it is interrupted', async () => {
    const controller = new AbortController()
    const progress = (text: string): void => void (text.includes('30') && controller.abort(new Error('Ctrl-C')))
    await expect(runScale(options({ planes: ['nftables'], signal: controller.signal, progress }))).rejects.toThrow(
      'Ctrl-C',
    )
    await gone()
  })
})
