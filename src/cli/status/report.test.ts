import { expect, test } from 'vitest'
import type { AgentStatus } from '../../agent/status/status.ts'
import { statusTables, withoutTimes } from './report.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)

const status: AgentStatus = {
  node: 'node-a',
  agent: true,
  inSync: false,
  source: { name: 'manifests:/etc/services', synced: true, modified: 1, stale: false },
  planes: [
    {
      plane: 'nftables',
      frontends: 12,
      inSync: 11,
      missing: [{ frontend: '10.96.0.1:80/TCP', state: 'failing', reason: 'ENOMEM', attempts: 3 }],
      extra: 0,
      refused: [{ frontend: '10.96.0.2:80/TCP', reasons: ['20,000 backends, at most 16,384 fit'] }],
      unreadable: '',
      times: { lastChange: now - 150_000, verified: now, transactions: 4, foreignChanges: 0 },
      counters: {
        backends: [{ frontend: '10.96.0.1:80/TCP', address: 'fd00::1', port: 8080, connections: 7 }],
        fallbacks: 0,
        missed: 0,
      },
    },
  ],
  problems: [{ where: 'a.yaml:3', object: 'Service shop/web', field: 'spec.ports', message: 'must be a list' }],
}

test('a table for people', () => {
  expect(statusTables(status, { wide: true, headers: true, now })).toBe(`\
PLANE      FRONTENDS   IN SYNC   MISSING   EXTRA   LAST CHANGE            AGE
nftables   12          11        1         0       2026-01-02T03:01:35Z   2m

nftables: 10.96.0.1:80/TCP failing (3 attempts): ENOMEM
nftables: 10.96.0.2:80/TCP refused: 20,000 backends, at most 16,384 fit

problem: a.yaml:3: Service shop/web: spec.ports: must be a list

FRONTEND           BACKEND          CONNECTIONS
10.96.0.1:80/TCP   [fd00::1]:8080   7

fallbacks 0, missed 0
`)
})

test('json has no clock unless asked', () => {
  expect(JSON.stringify(withoutTimes(status))).not.toContain('lastChange')
  expect(withoutTimes(status).planes[0]).toMatchObject({ plane: 'nftables', inSync: 11 })
})

test('what is kept and what the brake holds', () => {
  const [plane] = status.planes
  const held = Array.from({ length: 12 }, (_, n) => ({
    frontend: `10.96.0.${n}:80/TCP`,
    service: n === 0 ? '' : `shop/web-${n}`,
    planned: n === 0 ? ('gone' as const) : ('empty' as const),
    since: now,
  }))
  const rest = { suspendedUntil: 0, emptied: 0, minFrontends: 10, window: 60_000, engagedTotal: 1 }
  const brake = { engaged: true, since: now, held, serving: 40, maxEmptiedPercent: 20, ...rest }
  const text = statusTables(
    { ...status, brake, planes: plane ? [{ ...plane, kept: 3 }] : [] },
    { wide: false, headers: true, now },
  )
  expect(text).toContain('nftables: 3 frontends stay as they were found in the kernel\n')
  expect(text).toContain('the brake holds 12 of 40 frontends since 2026-01-02T03:04:05Z')
  expect(text).toContain(
    '  10.96.0.0:80/TCP: would be gone\n  10.96.0.1:80/TCP (shop/web-1): would be without endpoints\n',
  )
  expect(text).toContain('and 2 more')
})

test('says what is wrong with the source', () => {
  const source = {
    name: 'kubernetes:https://api',
    synced: true,
    modified: 1,
    stale: true,
    since: 1_000,
    problem: 'refused',
  }
  const text = statusTables({ ...status, source }, { wide: false, headers: true, now: 61_000 })
  expect(text).toContain('kubernetes:https://api is out of reach since 60s; what is in force stays\nsource: refused\n')
})
