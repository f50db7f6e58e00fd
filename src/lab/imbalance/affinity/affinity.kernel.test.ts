import { afterEach, describe, expect, it } from 'vitest'
import { listNetns } from '../../ip.ts'
import { processesOf } from '../../processes.ts'
import { readLab, removeLab } from '../../state.ts'
import type { ImbalanceRun } from '../report.ts'
import type { ImbalanceOptions } from '../scenario.ts'
import { runAffinity } from './affinity.ts'

const id = `affinity${process.pid}`

afterEach(() => removeLab(id))

const options: ImbalanceOptions = {
  id,
  planes: ['nftables'],
  schedulers: ['rr', 'sh'],
  pods: 4,
  nodes: 2,
  connections: 48,
  seed: 7,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
}

const counts = ({ backends }: ImbalanceRun): readonly number[] => backends.map(({ connections }) => connections)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

describe('the scenario affinity', { timeout: 180_000 }, () => {
  it('keeps each client on one pod, whoever picks, and the same with the same seed; behind one address all are one client', async () => {
    const { report } = await runAffinity(options)
    const again = await runAffinity(options)
    expect(again.report.runs.map(counts)).toEqual(report.runs.map(counts))
    const [many, few, nat, hashedMany, hashedFew, hashedNat] = report.runs
    expect(report.runs.map(({ variant }) => variant)).toEqual([
      'ClientIP, 48 clients',
      'ClientIP, 6 clients',
      'ClientIP, 48 clients behind 2 addresses',
      'no affinity, 48 clients',
      'no affinity, 6 clients',
      'no affinity, 48 clients behind 2 addresses',
    ])
    for (const run of report.runs) {
      expect(run).toMatchObject({ failures: 0, perClient: true, service: expect.stringMatching(/^default\//) })
      expect(sum(counts(run))).toBe(48)
      expect(run.predicted).toHaveLength(4)
      expect(run.skew?.n).toBe(48)
    }
    if (!many || !few || !nat || !hashedMany || !hashedFew || !hashedNat) throw new Error('runs are missing')
    // of each node 24 clients in turn on 4 pods
    expect(counts(many)).toEqual([12, 12, 12, 12])
    // 3 clients of each node, 8 connections each: turns never give one pod two of a node
    for (const run of [few, hashedFew]) for (const count of counts(run)) expect(count % 8).toBe(0)
    expect(Math.max(...counts(few))).toBeLessThanOrEqual(16)
    // one address on each node
    for (const run of [nat, hashedNat]) {
      expect(counts(run).filter((count) => count > 0).length).toBeLessThanOrEqual(2)
      for (const count of counts(run)) expect(count % 24).toBe(0)
      expect(run.facts).toEqual({ clients: 48, 'addresses that the pods saw': 2 })
    }
    expect(many.facts).toEqual({ clients: 48, 'addresses that the pods saw': 48 })
    expect(few.facts).toEqual({ clients: 6, 'addresses that the pods saw': 6 })
  })

  it('hears an interrupt while it simulates, and leaves nothing', async () => {
    const interrupt = new AbortController()
    const said: string[] = []
    const progress = (text: string): void => {
      said.push(text)
      if (text.endsWith('what the simulator says')) setTimeout(() => interrupt.abort(new Error('interrupted')))
    }
    await expect(runAffinity({ ...options, signal: interrupt.signal, progress })).rejects.toThrow('interrupted')
    expect(said.at(-1)).toMatch(/what the simulator says$/)
    expect((await listNetns()).filter((name) => name.includes(id))).toEqual([])
    expect(processesOf(id)).toEqual([])
    expect(await readLab(id)).toBeUndefined()
  })
})
