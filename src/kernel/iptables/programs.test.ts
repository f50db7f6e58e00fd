import { describe, expect, test } from 'vitest'
import { type BackEndEvidence, chooseBackEnd } from './back-end.ts'
import { isTooOld, parseVersion } from './programs.ts'

test.each([
  ['iptables v1.8.9 (nf_tables)\n', { version: '1.8.9', backEnd: 'nft' }],
  ['iptables v1.8.7 (legacy)\n', { version: '1.8.7', backEnd: 'legacy' }],
  ['iptables v1.6.1\n', { version: '1.6.1', backEnd: 'legacy' }],
  ['ip6tables-nft v1.8.11 (nf_tables)', { version: '1.8.11', backEnd: 'nft' }],
  ['command not found', null],
])('%j', (text, expected) => expect(parseVersion(text)).toEqual(expected))

test.each([
  ['1.6.1', true],
  ['1.4.21', true],
  ['1.6.2', false],
  ['1.8', false],
  ['1.8.9', false],
  ['2.0', false],
])('%s is too old: %s', (version, expected) => expect(isTooOld(version)).toBe(expected))

describe('the back end of a node is', () => {
  const none: BackEndEvidence = { hint: false, proxied: false, rules: 0 }
  test.each([
    [
      'where the kubelet left its hint, whatever else there is',
      { hint: true },
      { proxied: true, rules: 90 },
      'legacy',
      'nft',
    ],
    ['legacy by the hint', { rules: 90 }, { hint: true }, 'nft', 'legacy'],
    ['where a Service proxy is at work', { rules: 90 }, { proxied: true }, 'nft', 'legacy'],
    ['where most of the rules are', { rules: 3 }, { rules: 4 }, 'nft', 'legacy'],
    ['what plain iptables is', {}, {}, 'legacy', 'legacy'],
    ['nft where there is no plain iptables', {}, {}, null, 'nft'],
  ] as const)('%s', (_, nft, legacy, installed, expected) => {
    const evidence = { nft: { ...none, ...nft }, legacy: { ...none, ...legacy } }
    expect(chooseBackEnd(evidence, installed).backEnd).toBe(expected)
  })
})
