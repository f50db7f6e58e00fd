import { afterEach, describe, expect, it } from 'vitest'
import { absentPlane } from '../../test/support/absent-plane.ts'
import { defaultBackEnd } from '../kernel/iptables/programs.ts'
import { evenApplication } from './even.ts'
import { runRestart } from './restart.ts'
import type { RunReport } from './report.ts'
import type { ScenarioName, ScenarioOptions, ScenarioResult } from './scenario.ts'
import { runSpread } from './spread.ts'
import { removeLab } from './state.ts'

const id = `scenario${process.pid}`

afterEach(() => removeLab(id))

const options = (scenario: ScenarioName, change: Partial<ScenarioOptions> = {}): ScenarioOptions => ({
  id,
  scenario,
  application: evenApplication({ pods: 3, nodes: 2, families: ['IPv4', 'IPv6'], weighted: scenario === 'weighted' }),
  nodes: 2,
  planes: ['nftables'],
  schedulers: ['rr'],
  connections: 300,
  seed: 1,
  level: 0.001,
  keep: false,
  restarts: 4,
  signal: new AbortController().signal,
  progress: () => {},
  note: () => {},
  ...change,
})

const onlyRun = ({ report, faults }: ScenarioResult): RunReport => {
  expect(faults).toEqual([])
  expect(report.runs).toHaveLength(1)
  const [run] = report.runs
  if (run === undefined) throw new Error('no run')
  expect(run.failures).toBe(0)
  return run
}

/** Each of two nodes rotates for itself, by ClusterIP and NodePort, in both families. */
const rotations = 8

// an emulated machine takes its time
describe('evenkeel run on every node of a lab', { timeout: 180_000 }, () => {
  it('rr gives each pod its share, to within one for each rotation', async () => {
    // chance gives three pods 100 each once in 270 times
    const run = onlyRun(await runSpread(options('even', { level: 0.05 })))
    expect(run.connections).toBe(300)
    for (const { connections, requests } of run.backends) {
      expect(requests).toBe(connections)
      expect(Math.abs(connections - 100)).toBeLessThan(rotations)
    }
    expect(run.verdict).toBe('TOO-EVEN')
  })

  it('random honours weights', async () => {
    const run = onlyRun(await runSpread(options('weighted', { schedulers: ['random'], connections: 600 })))
    expect(run.backends.map(({ expected }) => expected)).toEqual([100, 200, 300])
    expect(['FAIR', 'TOO-EVEN']).toContain(run.verdict)
  })

  it('names planes and schedulers that it cannot run, and runs the others', async () => {
    const { report } = await runSpread(
      options('even', { planes: [absentPlane, 'nftables'], schedulers: ['lc', 'sh'], connections: 20 }),
    )
    expect(report.skipped.map(({ plane, scheduler }) => [plane, scheduler])).toEqual([
      [absentPlane, undefined],
      ['nftables', 'lc'],
    ])
    expect(report.runs.map(({ scheduler, perClient }) => [scheduler, perClient])).toEqual([['sh', true]])
  })

  it('picks at random on iptables, with the back end that the nodes use', async (context) => {
    context.skip((await defaultBackEnd()) === null, 'no iptables in PATH')
    const run = onlyRun(await runSpread(options('even', { planes: ['iptables'], schedulers: ['random'] })))
    expect(run).toMatchObject({ plane: 'iptables', scheduler: 'random', connections: 300 })
    expect(run.verdict).not.toBe('SKEWED')
  })

  it.for(['nftables', 'iptables'] as const)(
    'loses nothing on %s when it is killed and started again while endpoints change',
    async (plane, context) => {
      context.skip(plane === 'iptables' && (await defaultBackEnd()) === null, 'no iptables in PATH')
      const run = onlyRun(await runRestart(options('restart', { planes: [plane], schedulers: null })))
      expect(run).toMatchObject({ restarts: 4, outOfSync: [], held: { cut: 0 } })
      expect(run.held?.opened).toBeGreaterThan(0)
      expect(run.connections).toBeGreaterThan(300)
    },
  )
})
