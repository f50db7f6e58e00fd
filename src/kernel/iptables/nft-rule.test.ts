import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterRules, natRules, sixed } from '../../../test/support/iptables-rules.ts'
import { NftRules } from './nft-rule.ts'
import { nftRuleText } from './nft-rule-text.ts'

const rulesOf = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^-A \S+ (.*)$/.exec(line)?.[1] ?? [])

describe.each(['ip', 'ip6'] as const)('%s', (family) => {
  const rules = rulesOf(natRules + filterRules).map((rule) => (family === 'ip' ? rule : sixed(rule)))

  it.each(rules)('%s', (rule) => {
    const read = new NftRules(family).read(rule)
    expect(read && nftRuleText(read.expressions, family).text).toBe(rule)
  })
})

describe('left to the program', () => {
  it.each([
    ['an extension that is not known', '-m length --length 1:9 -j KUBE-X'],
    ['an option that is not known', '-p tcp -m tcp --dport 80 --syn -j KUBE-X'],
    ['a target with options of its own', '-j LOG --log-prefix "x"'],
    ['a protocol by number', '-p 47 -j KUBE-X'],
    ['something before the first option', 'x -j KUBE-X'],
    ['something after the target', '-j KUBE-X -m tcp'],
    ['an address twice', '-d 10.0.0.1/32 -d 10.0.0.2/32 -j KUBE-X'],
    ['an address of the other family', '-d fd00::1/128 -j KUBE-X'],
    ['several destinations', '-p tcp -m tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80'],
    ['a value too many', '-m comment --comment a b -j KUBE-X'],
    ['a comment that is too long', `-m comment --comment ${'x'.repeat(256)} -j KUBE-X`],
    ['an interface name that is too long', `-i ${'x'.repeat(16)} -j KUBE-X`],
    ['a probability beyond 1', '-m statistic --mode random --probability 1.5 -j KUBE-X'],
    ['a port beyond 65535', '-p tcp -m tcp --dport 65536 -j KUBE-X'],
  ])('%s', (_, rule) => {
    expect(new NftRules('ip').read(rule)).toBeNull()
  })
})

it('whatever is understood of words thrown together says the same when it is printed', () => {
  const words = [...new Set(rulesOf(natRules + filterRules).flatMap((rule) => rule.split(' ')))]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (thrown) => {
      const rules = new NftRules('ip')
      const text = (rule: string): string | null => {
        const read = rules.read(rule)
        return read && nftRuleText(read.expressions, 'ip').text
      }
      const printed = text(thrown.join(' '))
      if (printed !== null) expect(text(printed)).toBe(printed)
    }),
    { numRuns: 3_000 },
  )
})
