import { afterEach, describe, expect, it } from 'vitest'
import { namePrefix } from '../../cluster.ts'
import { listNetns } from '../../ip.ts'
import { removeLab } from '../../state.ts'
import type { ImbalanceOptions } from '../scenario.ts'
import { runRollingUpdate } from './rolling-update.ts'

const id = `rollout${process.pid}`

afterEach(() => removeLab(id))

const options: ImbalanceOptions = {
  id,
  planes: ['nftables'],
  schedulers: ['rr'],
  pods: 3,
  nodes: 2,
  connections: 60,
  seed: 1,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
}

const left = async (): Promise<readonly string[]> =>
  (await listNetns()).filter((name) => name.startsWith(`${namePrefix}${id}-`))

describe('the scenario rolling-update', { timeout: 180_000 }, () => {
  it('moves every connection to the new pods, most of them to the one that came first', async () => {
    const { report } = await runRollingUpdate(options)
    const [run] = report.runs
    if (run === undefined) throw new Error('no run')
    expect(report.runs).toHaveLength(1)
    expect(run).toMatchObject({ plane: 'nftables', scheduler: 'rr', connections: 60, failures: 0 })
    expect(run.backends.map(({ name }) => name)).toEqual(['pod-3', 'pod-4', 'pod-5'])
    const [first, , last] = run.backends.map(({ connections }) => connections)
    // by arithmetic 27 and 12; turns of two nodes are off by a few
    expect(first).toBeGreaterThan(20)
    expect(last).toBeLessThan(20)
    expect(run.facts?.['connections cut']).toBeGreaterThanOrEqual(60)
    expect(run.predicted.map(({ name, value }) => [name, value])).toEqual(
      run.backends.map(({ name, connections }) => [name, connections]),
    )
    expect(run.skew).toMatchObject({ n: 60, k: 3 })
    expect(await left()).toEqual([])
  })

  it('takes everything away when it is interrupted', async () => {
    const interrupt = new AbortController()
    const progress = (text: string): void => {
      if (text.includes('pods replaced')) interrupt.abort(new Error('interrupted'))
    }
    await expect(runRollingUpdate({ ...options, signal: interrupt.signal, progress })).rejects.toThrow('interrupted')
    expect(await left()).toEqual([])
  })
})
