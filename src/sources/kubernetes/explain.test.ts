import { describe, expect, it } from 'vitest'
import { answerError, connectionError, isExpired, isTooNew } from './explain.ts'
import { Pace } from './pace.ts'
import { Troubles } from './troubles.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'

const place = { server: 'https://api:6443', where: '/etc/proxy.conf', what: 'watch of services' }
const failure = (code: string, message = code): Error => Object.assign(new Error(message), { code })

describe('a connection that fails', () => {
  it.each([
    ['ENOTFOUND', '', 'cannot be resolved: check server in /etc/proxy.conf'],
    ['ECONNREFUSED', '', 'refuses connections at https://api:6443'],
    ['EHOSTUNREACH', '', 'cannot be reached (EHOSTUNREACH)'],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames: Host: api. is not in the cert's altnames: DNS:kubernetes",
      'set tls-server-name to one of them',
    ],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '', 'is not signed by the CA of /etc/proxy.conf'],
    ['SELF_SIGNED_CERT_IN_CHAIN', '', 'is not signed by the CA of /etc/proxy.conf'],
    ['CERT_HAS_EXPIRED', '', 'has expired: renew it'],
    ['EPROTO', 'write EPROTO C0:error:0A0000C6:SSL routines:tls_get_more_records:wrong version number', 'TLS'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', '', 'does not speak TLS: write http://'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', '', 'refuses the client certificate of /etc/proxy.conf'],
    ['ECONNRESET', '', 'cuts connections'],
    ['HPE_INVALID_CONSTANT', '', 'does not speak HTTP'],
    ['EWHATEVER', 'odd', 'https://api:6443: odd'],
  ])('with %s says what to do, in one line', (code, message, expected) => {
    const error = connectionError(failure(code, message || code), place)
    expect(error.message).toContain(expected)
    expect(error.message).not.toContain('\n')
    expect(error).toMatchObject({ status: 0, reason: code })
  })
})

describe('an answer that refuses', () => {
  const refusal = (status: number, body: string, retryAfter?: string) =>
    answerError({ status, body, retryAfter }, place)
  const status = (code: number, message: string, reason = '') =>
    JSON.stringify({ kind: 'Status', code, message, reason })

  it.each([
    [400, 'Client sent an HTTP request to an HTTPS server.\n', 'speaks TLS: write https:// in /etc/proxy.conf'],
    [401, '', 'does not accept the credentials of /etc/proxy.conf'],
    [
      403,
      status(403, 'services is forbidden: User "x" cannot watch resource "services"'),
      'forbidden: services is forbidden: User "x" cannot watch resource "services": grant it',
    ],
    [404, '404 page not found\n', 'does not serve this (watch of services)'],
    [404, '<html>', 'is no API server (404'],
    [404, status(404, 'not found'), 'does not know what is asked for (watch of services)'],
    [429, '', 'asks for patience'],
    [503, 'starting\nup', 'answers 503: starting up (watch of services)'],
  ])('with %i says what to do, in one line', (code, body, expected) => {
    const error = refusal(code, body)
    expect(error.message).toContain(expected)
    expect(error.message).not.toContain('\n')
    expect(error.status).toBe(code)
  })

  it('may say how long to wait, which is believed up to a minute', () => {
    expect(refusal(429, '', '3').retryAfterMs).toBe(3000)
    expect(refusal(429, '', '99999').retryAfterMs).toBe(60_000)
    expect(refusal(429, '', 'soon').retryAfterMs).toBeNull()
  })

  it('may be about the version', () => {
    expect(isExpired(refusal(410, ''))).toBe(true)
    expect(isTooNew(refusal(504, status(504, 'Too large resource version: 9, current: 3')))).toBe(true)
    expect(isTooNew(refusal(504, status(504, 'slow')))).toBe(false)
  })
})

describe('Pace', () => {
  it('doubles from 0.8 s to 30 s, half of it by chance, and begins again', () => {
    const longest = new Pace(() => 1)
    expect(Array.from({ length: 8 }, () => longest.delay(0))).toEqual([
      800, 1600, 3200, 6400, 12800, 25600, 30000, 30000,
    ])
    expect(longest.delay(200_000)).toBe(800)
    longest.succeeded()
    expect(longest.delay(200_000)).toBe(800)
    expect(new Pace(() => 0).delay(0)).toBe(400)
  })
})

describe('Troubles', () => {
  it('are told when they begin and when they are over, not each time they are met', async () => {
    const lines: string[] = []
    const hear = (_: object, message: string) => void lines.push(message)
    const clock = new ManualClock()
    const troubles = new Troubles('kubernetes:x', { debug: hear, info: hear, warn: hear, error: hear }, clock)
    troubles.set(['a', 'a'])
    troubles.set(['a', 'b'])
    troubles.set([])
    expect(lines).toEqual(['a', 'b', 'the API server is followed again'])
    for (let i = 0; i < 100; i++) {
      troubles.set(['a'])
      troubles.set([])
    }
    expect(lines).toHaveLength(3)
    await clock.advance(600_001)
    troubles.set(['a'])
    expect(lines).toHaveLength(4)
  })
})
