import { describe, expect, it } from 'vitest'
import type { LabReport, RunReport } from '../../lab/report.ts'
import { labText } from './table.ts'

const run: RunReport = {
  plane: 'nftables',
  scheduler: 'rr',
  service: 'default/web',
  connections: 10,
  failures: 0,
  slowestMillis: 4,
  backends: [
    { name: 'pod-0', node: 'node-0', address: '10.244.0.2', connections: 6, requests: 6, cpuMillis: 1, expected: 5 },
    { name: 'pod-10', node: 'node-1', address: '10.244.1.2', connections: 3, requests: 3, cpuMillis: 1, expected: 5 },
  ],
  maxOverMean: 1.2,
  cv: 0.2,
  p: 0.53,
  pLower: 0.6,
  verdict: 'FAIR',
}

const report = (change: Partial<RunReport>, skipped: LabReport['skipped'] = []): LabReport => ({
  scenario: 'even',
  seed: 1,
  node: { kernel: '6.18' },
  runs: [{ ...run, ...change }],
  skipped,
})

describe('the table', () => {
  it('shows who got how many, against what was expected', () => {
    expect(labText(report({}))).toBe(`default/web  nftables, rr: 10 connections, 0 failed
  POD      NODE     CONNECTIONS   EXPECTED
  pod-0    node-0             6          5   ██████████████████████████████
  pod-10   node-1             3          5   ███████████████
FAIR: luck alone is at least as uneven with p = 0.53 (busiest 1.20 × expected)
`)
  })

  it('names failures by errno and target', () => {
    const text = labText(report({ failures: 1, errors: { 'ECONNREFUSED 10.96.1.0:80/TCP': 1 } }))
    expect(text).toContain('1 failed')
    expect(text).toContain('  1 × ECONNREFUSED 10.96.1.0:80/TCP\n')
  })

  it('says what a restart came to instead of a verdict', () => {
    const held = { opened: 8, cut: 1 }
    const text = labText(report({ verdict: null, restarts: 10, held, outOfSync: ['node-1'] }))
    expect(text).toContain('10 agents killed and started again; 1 of 8 established connections cut; kernel differs')
  })

  it('says what was skipped, and why', () => {
    const skipped = [{ plane: 'ipvs', reason: 'not in this version' }]
    expect(labText(report({}, skipped))).toContain('\nskipped: ipvs: not in this version\n')
  })
})
