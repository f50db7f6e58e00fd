import { expect, test } from 'vitest'
import { wantedIn, wantedService } from './select.ts'

const frontends = ['10.96.0.10:53/UDP', '[fd00::a]:53/UDP', 'node:30053/UDP']

test.each<[string, boolean]>([
  ['kube-system/dns', true],
  ['dns', true],
  ['kube-system/dns:udp', true],
  ['dns:udp', true],
  ['dns:tcp', false],
  ['other/dns', false],
  ['dn', false],
  ['svc/dns', true],
  ['service/dns:udp', true],
  ['services/kube-system/dns', true],
  ['svc/other/dns', false],
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

test.each<[string | undefined, string | undefined, boolean]>([
  [undefined, undefined, true],
  [undefined, 'kube-system', true],
  [undefined, 'kube', false],
  ['dns', 'kube-system', true],
  ['svc/dns:udp', 'kube-system', true],
  ['dns', 'shop', false],
  ['kube-system/dns', 'kube-system', true],
  ['10.96.0.10:53/udp', 'shop', true],
])('%s in the namespace %s: %s', (asked, namespace, expected) => {
  expect(wantedIn(asked, namespace)('kube-system/dns:udp', frontends)).toBe(expected)
})

test('a Service of one namespace in another is a contradiction', () => {
  expect(() => wantedIn('kube-system/dns', 'shop')).toThrow('kube-system/dns is not in the namespace shop')
})
