import { expect, test } from 'vitest'
import type { WalkedRun } from '../../lab/walkthrough/report.ts'
import { walkthroughText } from './walkthrough.ts'

const run: WalkedRun = {
  plane: 'iptables',
  iptables: 'nft',
  pods: 2,
  command: 'iptables-nft-save -c',
  from: '192.168.77.100',
  to: '192.168.77.10:30086/TCP',
  rules: [
    { table: 'nat', chain: 'PREROUTING', rule: '-j KUBE-SERVICES', packets: { before: 0, after: 1000 } },
    { table: 'nat', chain: 'KUBE-SVC-X', rule: '-m statistic … -j KUBE-SEP-A', packets: { before: 0, after: 490 } },
    { table: 'nat', chain: 'KUBE-SVC-X', rule: '-j KUBE-SEP-B', packets: null },
  ],
  connections: 1000,
  failures: 0,
  backends: [
    {
      name: 'pod-0',
      address: '10.244.0.2',
      probability: '1/2',
      share: 0.5,
      promised: 500,
      connections: 490,
      counted: 490,
    },
    {
      name: 'pod-1',
      address: '10.244.1.2',
      probability: '1/2',
      share: 0.5,
      promised: 500,
      connections: 510,
      counted: null,
    },
  ],
  p: 0.527,
  pLower: 0.5,
  verdict: 'FAIR',
}

test('the rules chain by chain, then promise, counters and pods side by side', () => {
  const skipped = [{ plane: 'iptables-legacy', reason: 'not installed' }]
  const text = walkthroughText({ scenario: 'walkthrough', seed: 1, node: { kernel: '6.18' }, runs: [run], skipped })
  expect(text).toBe(`iptables-nft, 2 pods: 192.168.77.100 -> 192.168.77.10:30086/TCP
  the rules it meets (iptables-nft-save -c), with the packets that each counted before and after 1000 connections:
  nat PREROUTING
    0 → 1000  -j KUBE-SERVICES
  nat KUBE-SVC-X
     0 → 490  -m statistic … -j KUBE-SEP-A
           -  -j KUBE-SEP-B

  POD     ADDRESS               ODDS   EXACTLY   PROMISED   RULE COUNTED   POD GOT
  pod-0   10.244.0.2   0.50000000000       1/2      500.0            490       490
  pod-1   10.244.1.2   0.50000000000       1/2      500.0              -       510
  FAIR: so uneven or more with p = 0.53

skipped: iptables-legacy: not installed
`)
})

test('failures are told', () => {
  const report = { scenario: 'walkthrough', seed: 1, node: { kernel: '6.18' }, skipped: [] } as const
  expect(walkthroughText({ ...report, runs: [{ ...run, failures: 3 }] })).toContain('; 3 connections failed')
})
