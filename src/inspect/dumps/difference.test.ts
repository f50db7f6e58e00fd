import { describe, expect, test } from 'vitest'
import type { Fraction } from '../../model/packet.ts'
import { fraction } from '../../rules/fraction.ts'
import { compareNodes, totalVariation } from './difference.ts'
import { formatFrontend, frontendsOf } from './frontends.ts'
import { readDumps } from './read.ts'

const shares = (odds: Record<string, [number, number]>): ReadonlyMap<string, Fraction> =>
  new Map(Object.entries(odds).map(([name, [n, d]]) => [name, fraction(BigInt(n), BigInt(d))]))

test.each([
  [{ a: [1, 2], b: [1, 2] }, { a: [1, 2], b: [1, 2] }, '0/1'],
  [{ a: [1, 2], b: [1, 2] }, { a: [1, 1] }, '1/2'],
  [{ a: [1, 3], b: [2, 3] }, { b: [1, 3], c: [2, 3] }, '2/3'],
  [{ a: [1, 1] }, { reject: [1, 1] }, '1/1'],
] as [Record<string, [number, number]>, Record<string, [number, number]>, string][])(
  'total variation of %o and %o',
  (p, q, expected) => {
    const { numerator, denominator } = totalVariation(shares(p), shares(q))
    expect(`${numerator}/${denominator}`).toBe(expected)
  },
)

const rules = (...lines: string[]): string =>
  [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...lines,
    'COMMIT',
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    'COMMIT',
    '',
  ].join('\n')
const node = (...lines: string[]) => readDumps([{ name: 'x', text: rules(...lines) }])
const to = (port: number, target: string, more = ''): string =>
  `-A PREROUTING -d 10.96.0.1/32 -p tcp ${more} -m tcp --dport ${port} -j DNAT --to-destination ${target}`

describe('two nodes', () => {
  test('one backend of two, one frontend more, nothing', async () => {
    const half = '-m statistic --mode random --probability 0.5'
    const a = await node(to(80, '10.1.0.1:80', half), to(80, '10.1.0.2:80'), to(81, '10.1.0.3:81'))
    const b = await node(to(80, '10.1.0.1:80'), to(81, '10.1.0.3:81'), to(82, '10.1.0.4:82'))
    const found = compareNodes(a, b).map(({ frontend, share }) => `${frontend} ${share.numerator}/${share.denominator}`)
    expect(found).toEqual(['10.96.0.1:80/TCP 1/2', '10.96.0.1:82/TCP 1/1'])
    expect(compareNodes(a, a)).toEqual([])
  })
})

test('frontends: by address, by port of the node, by lists of ports; both families', async () => {
  const found = await node(
    to(80, '10.1.0.1:80'),
    '-A PREROUTING -p udp -m addrtype --dst-type LOCAL -m udp --dport 30053 -j DNAT --to-destination 10.1.0.1:53',
    '-A PREROUTING -d 10.96.0.9/32 -p tcp -m multiport --dports 443,8443 -j DNAT --to-destination 10.1.0.1',
    '-A PREROUTING -d 10.96.0.0/16 -p tcp -m tcp --dport 99 -j MARK --set-xmark 0x1/0x1',
  )
  expect(frontendsOf(found).map(formatFrontend)).toEqual([
    '10.96.0.1:80/TCP',
    '10.96.0.9:443/TCP',
    '10.96.0.9:8443/TCP',
    'node:30053/UDP',
  ])
})
