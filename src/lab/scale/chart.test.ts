import { describe, expect, test } from 'vitest'
import { unbalanced } from '../../../test/support/svg.ts'
import { scaleChart } from './chart.ts'
import type { ScaleReport, ScaleRun } from './report.ts'
import { verdictsOf } from './scale.ts'

const run = (services: number, last: number, more: Partial<ScaleRun> = {}): ScaleRun => ({
  plane: 'nftables',
  services,
  endpoints: 10,
  rules: services,
  fullSyncMs: services / 10,
  changeMs: { p50: 0.5, p99: 2 },
  connectMicros: { direct: 22, first: 25, middle: 26, last },
  ...more,
})

const runs = [
  run(100, 26),
  run(1_000, 26),
  run(10_000, 26),
  run(100, 25, { plane: 'iptables', iptables: 'nft' }),
  run(1_000, 34, { plane: 'iptables', iptables: 'nft', changeMs: { p50: 30, p99: 50 } }),
  run(10_000, 178, { plane: 'iptables', iptables: 'nft', changeMs: { p50: 90, p99: 200 } }),
]
const report: ScaleReport = {
  scenario: 'scale',
  node: { kernel: '6.18 <&">' },
  runs,
  verdicts: verdictsOf(runs),
  skipped: [],
}

describe('the chart', () => {
  const svg = scaleChart(report)

  test('is the one that was looked at', async () => {
    await expect(svg).toMatchFileSnapshot('golden/chart.svg')
  })

  test('is one well-formed drawing that needs nothing else', () => {
    expect(unbalanced(svg)).toEqual([])
    expect(svg).not.toMatch(/href|url\(|<script|NaN|Infinity|undefined/)
    expect(svg).toContain('6.18 &lt;&amp;&quot;&gt;')
    expect(svg).toContain('prefers-color-scheme:dark')
  })

  test('has a line for each plane in each panel, and says where the linear one hurts', () => {
    expect(svg.match(/<polyline class="main c0"/g)).toHaveLength(3)
    expect(svg.match(/<polyline class="main c1"/g)).toHaveLength(3)
    expect(svg).toContain('twice at 2,000')
    expect(svg).toMatch(/iptables-nft.*nftables|nftables.*iptables-nft/s)
  })

  test('of a single size, or of nothing, is still a drawing', () => {
    for (const few of [[run(10, 20)], []]) {
      const drawing = scaleChart({ ...report, runs: few, verdicts: verdictsOf(few) })
      expect(unbalanced(drawing)).toEqual([])
      expect(drawing).not.toMatch(/NaN|Infinity/)
    }
  })
})
