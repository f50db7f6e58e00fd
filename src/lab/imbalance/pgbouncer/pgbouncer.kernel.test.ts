import { afterEach, describe, expect, it, type TestContext } from 'vitest'
import { listNetns } from '../../ip.ts'
import { processesOf } from '../../processes.ts'
import { readLab, removeLab } from '../../state.ts'
import type { ImbalanceOptions } from '../scenario.ts'
import { runPgbouncer } from './pgbouncer.ts'
import { findPrograms } from './programs.ts'

const id = `pgbouncer${process.pid}`

afterEach(() => removeLab(id))

const options = (change: Partial<ImbalanceOptions> = {}): ImbalanceOptions => ({
  id,
  planes: ['nftables'],
  schedulers: ['rr'],
  pods: 4,
  nodes: 2,
  connections: 8,
  seed: 1,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
  ...change,
})

const skipWithout = async (context: TestContext): Promise<void> => {
  const missing = await findPrograms().then(
    () => null,
    (error: Error) => error.message,
  )
  context.skip(missing !== null, missing ?? '')
}

const nothingLeft = async (): Promise<void> => {
  expect((await listNetns()).filter((name) => name.includes(id))).toEqual([])
  expect(processesOf(id)).toEqual([])
  expect(await readLab(id)).toBeUndefined()
}

describe('the scenario pgbouncer', { timeout: 180_000 }, () => {
  it('rr gives each pod its connections exactly, and each uses CPU for them', async (context) => {
    await skipWithout(context)
    const { report } = await runPgbouncer(options())
    const [run] = report.runs
    if (run === undefined) throw new Error('no run')
    expect(report.runs).toHaveLength(1)
    expect(run.backends.map(({ name, connections }) => [name, connections])).toEqual([
      ['pgbouncer-0', 2],
      ['pgbouncer-1', 2],
      ['pgbouncer-2', 2],
      ['pgbouncer-3', 2],
    ])
    for (const { requests, cpuMillis } of run.backends) {
      expect(requests).toBeGreaterThan(100)
      expect(cpuMillis).toBeGreaterThan(0)
    }
    const connections = run.predicted.filter(({ unit }) => unit === 'connections')
    expect(connections).toMatchObject(Array.from({ length: 4 }, () => ({ value: 2, low: 2, high: 2, inside: true })))
    expect(run.skew).toMatchObject({ unit: 'cpu', k: 4 })
    expect(run.facts?.['kubectl top pods']).toMatch(/^(\d+m ){3}\d+m$/)
    expect(report.claims[0]?.numbers).toEqual([977, 995, 585, 993])
    expect(report.tables[0]?.rows.map(([connections]) => connections)).toContain(8)
    await nothingLeft()
  })

  it('ends every server when it is interrupted', async (context) => {
    await skipWithout(context)
    const interrupt = new AbortController()
    const progress = (text: string): void => {
      if (text.startsWith('what connections cost')) setTimeout(() => interrupt.abort(new Error('interrupted')), 300)
    }
    await expect(runPgbouncer(options({ signal: interrupt.signal, progress }))).rejects.toThrow('interrupted')
    await nothingLeft()
  })

  it('says what it needs', async () => {
    await expect(runPgbouncer(options({ pods: 2 }))).rejects.toThrow(
      /needs --pods 3 or more, not 2|apt-get install pgbouncer postgresql/,
    )
  })
})
