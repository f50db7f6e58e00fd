import { expect, test } from 'vitest'
import { wantedService } from './select.ts'

const frontends = ['10.96.0.10:53/UDP', '[fd00::a]:53/UDP', 'node:30053/UDP']

test.each<[string, boolean]>([
  ['kube-system/dns', true],
  ['dns', true],
  ['kube-system/dns:udp', true],
  ['dns:udp', true],
  ['dns:tcp', false],
  ['other/dns', false],
  ['dn', false],
  ['10.96.0.10:53', true],
  ['10.96.0.10:53/udp', true],
  ['10.96.0.10:53/TCP', false],
  ['10.96.0.11:53', false],
  ['[fd00::a]:53', true],
  ['node:30053', true],
  ['node:30053/tcp', false],
])('%s: %s', (asked, expected) => {
  expect(wantedService(asked)('kube-system/dns:udp', frontends)).toBe(expected)
})

test('a Service that nobody named is asked for by what is dialled', () => {
  expect(wantedService('10.96.0.10:53')('10.96.0.10:53/UDP', [])).toBe(true)
})

test.each(['a/b/c', 'a b', '', 'shop/'])('%j is no Service', (asked) => {
  expect(() => wantedService(asked)).toThrow('must be a Service')
})
