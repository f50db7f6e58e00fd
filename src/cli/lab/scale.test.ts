import { expect, test } from 'vitest'
import type { ScaleRun } from '../../lab/scale/report.ts'
import { verdictsOf } from '../../lab/scale/scale.ts'
import { scaleText } from './scale.ts'

const run = (services: number, last: number, more: Partial<ScaleRun> = {}): ScaleRun => ({
  plane: 'nftables',
  services,
  endpoints: 10,
  rules: services + 60,
  fullSyncMs: services / 7,
  changeMs: { p50: 0.512, p99: 2.4 },
  connectMicros: { direct: 22, first: 25, middle: 26, last },
  ...more,
})
const legacy = { plane: 'iptables', iptables: 'legacy' } as const

test('a table, then what it means, then what is missing', () => {
  const runs = [run(100, 26), run(10_000, 26.3), run(100, 25, legacy), run(10_000, 180, legacy)]
  const skipped = [
    { plane: 'iptables-nft', reason: 'not installed' },
    { plane: 'iptables-legacy', services: 20_000, reason: 'the 10 minutes are over (--minutes)' },
  ]
  expect(scaleText({ scenario: 'scale', node: { kernel: '6.18' }, runs, verdicts: verdictsOf(runs), skipped })).toBe(
    `PLANE             SERVICES   RULES   FIRST SYNC   CHANGE P50       P99    DIRECT     FIRST    MIDDLE       LAST
nftables               100     160        14 ms      0.51 ms   2.40 ms   22.0 µs   25.0 µs   26.0 µs    26.0 µs
nftables             10000   10060       1.43 s      0.51 ms   2.40 ms   22.0 µs   25.0 µs   26.0 µs    26.3 µs
iptables-legacy        100     160        14 ms      0.51 ms   2.40 ms   22.0 µs   25.0 µs   26.0 µs    25.0 µs
iptables-legacy      10000   10060       1.43 s      0.51 ms   2.40 ms   22.0 µs   25.0 µs   26.0 µs   180.0 µs

nftables: flat from 100 to 10000 Services
iptables-legacy: linear, 15.7 µs more for every 1,000 Services; it hurts from about 1697 Services on, where a connection costs twice what it costs with 100; connections without a Service pay too (22.0 µs with 10000)

skipped: iptables-nft: not installed
skipped: iptables-legacy, 20000 Services: the 10 minutes are over (--minutes)
`,
  )
})
