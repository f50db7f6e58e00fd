import { describe, expect, test } from 'vitest'
import type { EndpointReasons, WhyReport } from '../../agent/why/report.ts'
import { readSeconds } from '../options/seconds.ts'
import { whyTables } from './tables.ts'
import { parseWhyTarget } from './target.ts'

describe('what is asked about', () => {
  test.each<[string[], string | undefined, string]>([
    [['svc/web'], undefined, 'service default/web'],
    [['service', 'web'], 'shop', 'service shop/web'],
    [['pod/shop/web-a'], undefined, 'pod shop/web-a'],
    [['pods/web-a'], 'shop', 'pod shop/web-a'],
    [['shop/web'], 'other', 'any shop/web'],
    [['web'], 'shop', 'any shop/web'],
    [['pod'], undefined, 'any default/pod'],
  ])('%j in %s: %s', (words, namespace, expected) => {
    const { kind, namespace: found, name } = parseWhyTarget(words, namespace)
    expect(`${kind} ${found}/${name}`).toBe(expected)
  })

  test.each([[['a/b/c']], [['svc/']], [['']], [['a', 'b']], [['svc', 'a', 'b']]])('not %j', (words) =>
    expect(() => parseWhyTarget(words, undefined)).toThrow('must be service/NAME'),
  )
})

test('durations', () => {
  expect(['90s', '10m', '1h30m'].map(readSeconds)).toEqual([90, 600, 5_400])
  expect(() => readSeconds('10')).toThrow('10m')
})

const start = Date.UTC(2026, 0, 2, 3, 4, 5)
const endpoint: EndpointReasons = {
  endpoint: '10.1.0.3:8080',
  address: '10.1.0.3',
  port: 8080,
  servicePort: 80,
  portName: 'http',
  protocol: 'TCP',
  family: 'IPv4',
  pod: 'shop/web-b',
  node: 'node-b',
  zone: '',
  weight: 1,
  traffic: 'no',
  reason: 'not-ready',
  cluster: 'not-ready',
  local: 'not-local',
  through: [],
  since: { said: start - 40, planned: start, acknowledged: start + 4 },
}
const report: WhyReport = {
  node: 'node-a',
  plane: 'nftables',
  asked: 'Service shop/web',
  source: { name: 'kubernetes:https://10.0.0.1', synced: true, modified: 0, stale: false },
  planned: true,
  services: [
    {
      service: 'shop/web',
      notServed: null,
      knownSince: start - 60_000,
      frontends: [
        {
          frontend: '10.96.0.1:80/TCP',
          kind: 'ClusterIP',
          state: 'failing',
          reason: 'ENOMEM',
          since: start,
          attempts: 3,
          routes: { pods: { to: 'reject' }, node: { to: 'reject' }, outside: { to: 'reject' } },
        },
      ],
      endpoints: [endpoint],
      trail: [
        {
          said: start - 40,
          planned: start,
          acknowledged: 0,
          frontends: ['10.96.0.1:80/TCP'],
          endpoints: [
            { endpoint: '10.1.0.3:8080', port: '80/TCP', pod: 'shop/web-b', before: 'ready', after: 'not-ready' },
          ],
          more: 0,
        },
      ],
    },
  ],
  notes: ['the source is away'],
  fine: false,
}

test('a table for people', () => {
  expect(whyTables(report, { wide: false, headers: true, now: start })).toBe(`\
shop/web (known since 2026-01-02T03:03:05Z)

FRONTEND           KIND        STATE     SINCE                  WHY
10.96.0.1:80/TCP   ClusterIP   failing   2026-01-02T03:04:05Z   ENOMEM (3 attempts)

ENDPOINT        PORT     POD          NODE     TRAFFIC   SINCE                  WHY
10.1.0.3:8080   80/TCP   shop/web-b   node-b   no        2026-01-02T03:04:05Z   not ready

PLANNED                SAID    KERNEL    CHANGE
2026-01-02T03:04:05Z   -40ms   not yet   10.1.0.3:8080 (shop/web-b): ready -> not-ready

note: the source is away
`)
})
