import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ProxyHealth, type Queued } from './proxy-health.ts'

const setUp = () => {
  const clock = new ManualClock()
  const state: { queued: Queued[]; eligible: boolean } = { queued: [], eligible: true }
  const health = new ProxyHealth({
    clock,
    timeout: 60_000,
    nodeEligible: () => state.eligible,
    queued: () => state.queued,
  })
  return { clock, state, health }
}

const at = '2023-11-14T22:13:20.000Z'
const v4 = '10.96.0.1:80/TCP'
const v6 = '[fd00::1]:80/TCP'

test('the bytes that kube-proxy answers', () => {
  const { health, state } = setUp()
  expect(health.livez()).toEqual({
    status: 200,
    type: 'application/json',
    body: `{"lastUpdated":"${at}","currentTime":"${at}","healthy":true}`,
    headers: { 'X-Content-Type-Options': 'nosniff' },
  })
  health.begin(['IPv6', 'IPv4'])
  const status = `"status":{"IPv4":{"lastUpdated":"${at}","healthy":true},"IPv6":{"lastUpdated":"${at}","healthy":true}}`
  expect(health.healthz().body).toBe(
    `{"lastUpdated":"${at}","currentTime":"${at}","nodeEligible":true,"healthy":true,${status}}`,
  )
  state.eligible = false
  expect(health.healthz()).toMatchObject({
    status: 503,
    body: `{"lastUpdated":"${at}","currentTime":"${at}","nodeEligible":false,"healthy":true,${status}}`,
  })
})

test('a node that is drained is alive', () => {
  const { health, state } = setUp()
  health.begin(['IPv4'])
  state.eligible = false
  expect([health.healthz().status, health.livez().status]).toEqual([503, 200])
})

describe('what waits for longer than twice the sync period', () => {
  const queued = (key: string, attempts = 0): Queued => ({ key, queuedAt: 1_700_000_000_000, attempts })
  test.each<readonly [string, readonly Queued[], { IPv4: boolean; IPv6: boolean }]>([
    ['nothing', [], { IPv4: true, IPv6: true }],
    ['a change of IPv4', [queued(v4)], { IPv4: false, IPv6: true }],
    ['a change of IPv6', [queued(v6)], { IPv4: true, IPv6: false }],
    ['a NodePort of IPv6', [queued('node6:30000/UDP')], { IPv4: true, IPv6: false }],
    ['one frontend that fails by itself', [queued(v4, 7)], { IPv4: true, IPv6: true }],
    ['one that fails, and another that waits', [queued(v4, 7), queued(v6)], { IPv4: true, IPv6: false }],
    ['the node’s own part', [queued('')], { IPv4: false, IPv6: false }],
    ['the node’s own part, which fails', [queued('', 3)], { IPv4: false, IPv6: false }],
  ])('%s', async (_, waiting, healthy) => {
    const { clock, health, state } = setUp()
    health.begin(['IPv4', 'IPv6'])
    state.queued = [...waiting]
    await clock.advance(59_999)
    expect(health.livez().status).toBe(200)
    await clock.advance(1)
    const { status, body } = health.livez()
    expect(status).toBe(healthy.IPv4 && healthy.IPv6 ? 200 : 503)
    expect(health.healthz().status).toBe(status)
    const said = JSON.parse(String(body)) as { status: Record<string, { healthy: boolean }> }
    expect([said.status['IPv4']?.healthy, said.status['IPv6']?.healthy]).toEqual([healthy.IPv4, healthy.IPv6])
    expect(health.healthy()).toBe(status === 200)
  })

  test('becomes healthy again when it is in force; lastUpdated says when that was', async () => {
    const { clock, health, state } = setUp()
    health.begin(['IPv4'])
    await clock.advance(10_000)
    health.applied([v4])
    state.queued = [{ key: v4, queuedAt: clock.wall(), attempts: 0 }]
    await clock.advance(120_000)
    expect(JSON.parse(String(health.livez().body))).toMatchObject({
      lastUpdated: '2023-11-14T22:13:30.000Z',
      currentTime: '2023-11-14T22:15:30.000Z',
    })
    state.queued = []
    expect(health.livez().status).toBe(200)
  })

  test('before the first plan nothing counts: an API outage at the start is no fault', async () => {
    const { clock, health, state } = setUp()
    state.queued = [queued('')]
    await clock.advance(3_600_000)
    expect(health.healthz().status).toBe(200)
    health.begin(['IPv4'])
    expect(health.healthz().status).toBe(200)
    await clock.advance(60_000)
    expect(health.healthz().status).toBe(503)
  })
})
