import { afterEach, describe, expect, it } from 'vitest'
import { absentPlane } from '../../../test/support/absent-plane.ts'
import { listNetns } from '../ip.ts'
import { processesOf } from '../processes.ts'
import { readLab, removeLab } from '../state.ts'
import { evenApplication } from '../even.ts'
import { allocate } from '../controller/allocate.ts'
import type { ImbalanceOptions } from './scenario.ts'
import { runTrials, type Trial, type TrialPlan } from './trials.ts'

const id = `trials${process.pid}`

afterEach(() => removeLab(id))

const options = (change: Partial<ImbalanceOptions> = {}): ImbalanceOptions => ({
  id,
  planes: ['nftables'],
  schedulers: null,
  pods: null,
  nodes: null,
  connections: null,
  seed: 1,
  level: 0.05,
  repeat: 1,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
  ...change,
})

const application = evenApplication({ pods: 1, nodes: 1, families: ['IPv4'], weighted: false })

const plan: TrialPlan = {
  scenario: 'trials',
  nodes: 1,
  pods: application.pods,
  services: allocate(application.services).services,
  schedulers: ['rr', 'lc', 'random'],
}

/** Tells whether it was put away. */
const prepared = () => ({
  open: true,
  async [Symbol.asyncDispose]() {
    this.open = false
  },
})

const nothingLeft = async (): Promise<void> => {
  expect((await listNetns()).filter((name) => name.includes(id))).toEqual([])
  expect(processesOf(id)).toEqual([])
  expect(await readLab(id)).toBeUndefined()
}

describe('trials', { timeout: 180_000 }, () => {
  it('are made of every scheduler that the plane has, as often as asked; the others are named', async () => {
    const seen: Trial[] = []
    const own = prepared()
    const { results, skipped } = await runTrials(options({ planes: ['nftables', absentPlane], repeat: 2 }), plan, {
      prepare: async () => own,
      async run(trial, given) {
        expect(given).toBe(own)
        expect(own.open).toBe(true)
        seen.push(trial)
        return [`${trial.scheduler} ${trial.repetition}`]
      },
    })
    expect(results).toEqual(['rr 1', 'rr 2', 'random 1', 'random 2'])
    expect(new Set(seen.map(({ seed }) => seed)).size).toBe(4)
    expect(skipped.map(({ plane, scheduler }) => [plane, scheduler])).toEqual([
      [absentPlane, undefined],
      ['nftables', 'lc'],
    ])
    expect(own.open).toBe(false)
    await nothingLeft()
  })

  it('leave nothing when one fails', async () => {
    const own = prepared()
    const work = {
      prepare: async () => own,
      run: async () => {
        throw new Error('on purpose')
      },
    }
    await expect(runTrials(options(), plan, work)).rejects.toThrow('on purpose')
    expect(own.open).toBe(false)
    await nothingLeft()
  })

  it('leave nothing when they are interrupted, whatever they wait for', async () => {
    const own = prepared()
    const interrupt = new AbortController()
    const work = {
      prepare: async () => own,
      run: () => {
        interrupt.abort(new Error('interrupted'))
        return new Promise<never>(() => {})
      },
    }
    await expect(runTrials(options({ signal: interrupt.signal }), plan, work)).rejects.toThrow('interrupted')
    expect(own.open).toBe(false)
    await nothingLeft()
  })
})
