import { describe, expect, test } from 'vitest'
import { fraction } from '../../rules/fraction.ts'
import { parseExpectation, unexpected } from './expect.ts'
import { parseSource, parseTarget, readPackets } from './packets.ts'
import { traceReport, type TraceReport } from './report.ts'
import { traceText } from './text.ts'

const stdin = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe('packets', () => {
  test.each([
    ['10.96.0.10:53/udp', { to: '10.96.0.10', port: 53, protocol: 'UDP' }],
    ['10.96.0.10:80', { to: '10.96.0.10', port: 80, protocol: 'TCP' }],
    ['[fd00:0::1]:80/SCTP', { to: 'fd00::1', port: 80, protocol: 'SCTP' }],
  ])('--to %s', (text, target) => {
    expect(parseTarget(text)).toEqual(target)
  })

  test.each([
    ['fd00::1:80', /must read ADDRESS:PORT/],
    ['web:80', /must be an IP address, not "web"/],
    ['10.96.0.10:0', /1 to 65535, not 0/],
    ['10.96.0.10:80/icmp', /tcp, udp or sctp, not "icmp"/],
    ['', /must read/],
  ])('--to %s: no', (text, message) => {
    expect(() => parseTarget(text)).toThrow(message)
  })

  test('--from is canonical', () => {
    expect(parseSource('::ffff:10.0.0.1')).toBe('10.0.0.1')
    expect(() => parseSource('me')).toThrow(/--from: must be an IP address/)
  })

  test('lines of JSON; TCP unless said; blank lines are nothing', async () => {
    const lines =
      '{"name":"a","from":"10.0.0.1","to":"10.96.0.1","port":80}\n\n{"from":"fd00::1","to":"fd00::2","port":53,"protocol":"udp"}\n'
    expect(await readPackets('-', stdin(lines))).toEqual([
      { name: 'a', from: '10.0.0.1', to: '10.96.0.1', port: 80, protocol: 'TCP' },
      { from: 'fd00::1', to: 'fd00::2', port: 53, protocol: 'UDP' },
    ])
  })

  test.each([
    ['{"from":"10.0.0.1"', /stdin:2: is not JSON/],
    ['[1]', /stdin:2: must be a JSON object/],
    ['{"from":1,"to":"10.0.0.1","port":80}', /stdin:2: from: must be an IP address, not 1/],
    ['{"from":"10.0.0.1","to":"10.0.0.2","port":"80"}', /stdin:2: port: must be a port number, 1 to 65535, not "80"/],
    ['{"from":"10.0.0.1","to":"fd00::2","port":80}', /stdin:2: .* not of one address family/],
    ['{"name":1,"from":"10.0.0.1","to":"10.0.0.2","port":80}', /stdin:2: name/],
  ])('a bad line is named: %s', async (line, message) => {
    await expect(readPackets('-', stdin(`{"from":"10.0.0.1","to":"10.0.0.2","port":1}\n${line}\n`))).rejects.toThrow(
      message,
    )
  })
})

const packet = { from: '10.1.0.9', to: '10.96.0.1', port: 80, protocol: 'TCP' } as const
const report = traceReport(
  packet,
  {
    verdict: 'dnat',
    masquerade: null,
    partial: false,
    unknown: [],
    backends: [
      { address: '10.1.0.2', port: 8080, probability: fraction(715827883n, 2147483648n), masquerade: false },
      { address: '10.1.0.9', port: 8080, probability: fraction(1n, 3n ** 50n), masquerade: true },
    ],
    path: [{ table: 'evenkeel', chain: 'dispatch', rule: 'accept', line: 7, result: 'accept' }],
    conditions: [],
  },
  (address) => (address === '10.1.0.2' ? { pod: 'shop/web-a', node: 'n1' } : undefined),
)

describe('answers', () => {
  test('as documented: keys, their order, fractions only where they are short', () => {
    expect(JSON.stringify(report)).toBe(
      '{"from":"10.1.0.9","to":"10.96.0.1","port":80,"protocol":"TCP","verdict":"dnat","masquerade":null,"partial":false,"unknown":[],' +
        '"backends":[{"address":"10.1.0.2","port":8080,"probability":"715827883/2147483648","share":0.33333333348855376,"masquerade":false,"pod":"shop/web-a","node":"n1"},' +
        `{"address":"10.1.0.9","port":8080,"share":${3 ** -50},"masquerade":true}],` +
        '"path":[{"table":"evenkeel","chain":"dispatch","rule":"accept","line":7,"result":"accept"}],"conditions":[]}',
    )
  })

  test('for people', () => {
    expect(traceText(report)).toBe(`10.1.0.9 -> 10.96.0.1:80/tcp
  evenkeel dispatch   (line 7)
    accept
      => accept

dnat: goes on as 10.1.0.9 (masqueraded where it dials itself) -> one of 2 backends
BACKEND         PROBABILITY            SHARE      MASQUERADE   POD          NODE
10.1.0.2:8080   715827883/2147483648   33.3333%   no           shop/web-a   n1
10.1.0.9:8080                          0.0000%    yes
`)
  })

  test.each<[TraceReport['verdict'], RegExp]>([
    ['reject', /^reject: refused/m],
    ['drop', /^drop: dropped/m],
    ['none', /^none: goes on as it is, to 10.96.0.1:80/m],
  ])('%s in words', (verdict, text) => {
    expect(traceText({ ...report, verdict, backends: [], masquerade: false })).toMatch(text)
  })
})

describe('--expect', () => {
  test.each([
    ['verdict=dnat', []],
    ['verdict=dnat,backend=10.1.0.2,backend=10.1.0.9:8080', []],
    ['verdict=drop', ['expected verdict drop, got dnat']],
    ['backend=10.1.0.2:80', ['expected backend 10.1.0.2:80 is not possible']],
    ['masquerade=true', ['expected masquerade true, got both, it depends on the backend']],
  ])('%s', (text, found) => {
    expect(unexpected(parseExpectation(text), report)).toEqual(found)
  })

  test.each(['', 'verdict', 'verdict=fine', 'backend=web', 'masquerade=1', 'verdict=dnat,'])(
    '%o is no expectation',
    (text) => {
      expect(() => parseExpectation(text)).toThrow(/must be verdict=/)
    },
  )
})
