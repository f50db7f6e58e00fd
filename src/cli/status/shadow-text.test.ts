import { expect, test } from 'vitest'
import type { ShadowStatus } from '../../agent/shadow/status.ts'
import { shadowText } from './shadow-text.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const quiet: ShadowStatus = {
  frontends: 41,
  compared: 41,
  differences: [],
  settling: 0,
  unsure: [],
  rules: { read: now, readings: 3, passed: now, unreadable: '', problems: [] },
  settle: 30_000,
}
const packet = { name: 'from a pod', from: '10.1.0.9', to: '10.96.0.1', port: 80, protocol: 'TCP' } as const

test('nothing differs', () => {
  expect(shadowText(quiet, { now })).toBe(`\
shadow: nothing is written; 41 of 41 frontends compared with the rules in force
no difference
`)
})

test('what differs, with a packet; what is unsure; what cannot be read', () => {
  const text = shadowText(
    {
      ...quiet,
      compared: 40,
      differences: [
        {
          frontend: '10.96.0.1:80/TCP',
          service: 'shop/web',
          kind: 'verdict',
          packet,
          packets: 4,
          planned: 'dnat to 10.1.0.4:8080 100%',
          found: 'none',
          since: now - 40_000,
        },
      ],
      settling: 2,
      unsure: [{ frontend: '10.96.0.2:80/TCP', packet, why: 'nat KUBE-SVC-A line 12: -m string' }],
      rules: { ...quiet.rules, unreadable: 'EPERM', problems: ['nft:3: cut'] },
    },
    { now },
  )
  expect(text).toBe(`\
shadow: nothing is written; 40 of 41 frontends compared with the rules in force
the rules cannot be read: EPERM
1 frontend differs:
  10.96.0.1:80/TCP (shop/web), since 40 s: 10.1.0.9 -> 10.96.0.1:80/TCP (from a pod)
    the rules: none
    the plan:  dnat to 10.1.0.4:8080 100%
2 differ for less than 30 s
1 frontend cannot be told:
  10.96.0.2:80/TCP: 10.1.0.9 -> 10.96.0.1:80/TCP (from a pod): nat KUBE-SVC-A line 12: -m string
rules: nft:3: cut
`)
})
