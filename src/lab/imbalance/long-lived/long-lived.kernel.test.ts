import { afterEach, describe, expect, it } from 'vitest'
import { defaultBackEnd } from '../../../kernel/iptables/programs.ts'
import { removeLab } from '../../state.ts'
import type { ImbalanceRun } from '../report.ts'
import type { ImbalanceOptions } from '../scenario.ts'
import { runLongLived } from './long-lived.ts'

const id = `longlived${process.pid}`

afterEach(() => removeLab(id))

const options = (change: Partial<ImbalanceOptions>): ImbalanceOptions => ({
  id,
  planes: ['nftables'],
  schedulers: ['rr'],
  pods: 4,
  nodes: 2,
  connections: 80,
  seed: 3,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
  ...change,
})

const values = ({ predicted }: ImbalanceRun, wanted: string): readonly number[] =>
  predicted.flatMap(({ unit, value }) => (unit === wanted ? [value] : []))
const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

describe('the scenario long-lived-rr', { timeout: 180_000 }, () => {
  it('rr deals evenly, and in step with the pods gives each node’s long ones to one pod', async () => {
    const { report, faults } = await runLongLived(options({}))
    expect(faults).toEqual([])
    const [anyOrder, inStep] = report.runs
    if (!anyOrder || !inStep) throw new Error('runs are missing')
    for (const run of report.runs) {
      expect(values(run, 'opened')).toEqual([20, 20, 20, 20])
      expect(run.backends.map(({ connections }) => connections)).toEqual([20, 20, 20, 20])
    }
    expect(sum(values(anyOrder, 'still open'))).toBeGreaterThan(0)
    // 10 of each node's 40, but for packets that overtook another
    const [most = 0, next = 0] = values(inStep, 'still open').toSorted((a, b) => b - a)
    expect(sum(values(inStep, 'still open'))).toBe(20)
    expect(most + next).toBeGreaterThanOrEqual(16)
    expect(inStep.skew?.cause?.code).toBe('round-robin-lifetimes')
    // what no kernel here has stands beside it
    expect(report.tables[0]?.rows.map(([policy]) => policy)).toContain('lc, counted together')
  })

  it('runs where only random is', async (context) => {
    context.skip((await defaultBackEnd()) === null, 'no iptables in PATH')
    const { report } = await runLongLived(options({ planes: ['iptables'], schedulers: null }))
    expect(report.skipped.map(({ scheduler }) => scheduler)).toEqual(['rr', 'sh', 'lc'])
    expect(report.runs.map(({ scheduler }) => scheduler)).toEqual(['random', 'random'])
    for (const run of report.runs) expect(sum(values(run, 'opened'))).toBe(80)
    expect(sum(values(report.runs[1] as ImbalanceRun, 'still open'))).toBe(20)
  })
})
