import { afterEach, describe, expect, it } from 'vitest'
import { evenApplication } from '../even.ts'
import { removeLab } from '../state.ts'
import { nameOf, type Variant, runnableVariants } from '../variant.ts'
import { runWalkthrough } from './walkthrough.ts'

const id = `walkthrough${process.pid}`

afterEach(() => removeLab(id))

const walkthrough = (variant: Variant) =>
  runWalkthrough({
    id,
    application: evenApplication({ pods: 2, nodes: 2, families: ['IPv4'], weighted: false }),
    nodes: 2,
    planes: [variant.plane],
    connections: 200,
    seed: 1,
    // of random picks: wrong once in a million
    level: 1e-6,
    keep: false,
    signal: new AbortController().signal,
    progress: () => {},
    note: () => {},
  })

const thirds = ['715827883/2147483648', '1431655765/4294967296', '1431655765/4294967296']

describe('rules, counters and pods', { timeout: 180_000 }, () => {
  it('agree on iptables, with each back end that is here', async (context) => {
    const { variants, skipped } = await runnableVariants(['iptables', 'nftables'])
    const wanted = variants.filter(({ plane }) => plane === 'iptables').map(nameOf)
    context.skip(wanted.length === 0, skipped.map(({ plane, reason }) => `${plane}: ${reason}`).join('; '))

    const { report, faults } = await walkthrough({ plane: 'iptables' })
    expect(faults).toEqual([])
    expect(report.runs.map((run) => `${nameOf(run)} ${run.pods}`)).toEqual(
      wanted.flatMap((name) => [`${name} 2`, `${name} 3`]),
    )
    for (const { pods, rules, backends, connections, failures } of report.runs) {
      expect({ connections, failures }).toEqual({ connections: 200, failures: 0 })
      const odds = rules.flatMap(({ rule }) => /--probability (\S+)/.exec(rule)?.[1] ?? [])
      expect(odds).toEqual(pods === 2 ? ['0.50000000000'] : ['0.33333333349', '0.50000000000'])
      expect(backends.map(({ probability }) => probability)).toEqual(pods === 2 ? ['1/2', '1/2'] : thirds)
      expect(backends.map(({ counted }) => counted)).toEqual(backends.map(({ connections }) => connections))
      expect(rules[0]).toMatchObject({ table: 'nat', chain: 'PREROUTING' })
      for (const { rule } of rules) expect(rule).not.toMatch(/^(-A|\[)/)
      const first = rules.find(({ rule }) => rule.includes('-j KUBE-EXT-'))?.packets
      expect((first?.after ?? 0) - (first?.before ?? 0)).toBe(200)
    }
  })

  it('agree on nftables', async () => {
    const { report, faults } = await walkthrough({ plane: 'nftables' })
    expect(faults).toEqual([])
    expect(report.runs.map(({ backends }) => backends.map(({ probability }) => probability))).toEqual([
      ['1/2', '1/2'],
      ['1/3', '1/3', '1/3'],
    ])
  })
})
