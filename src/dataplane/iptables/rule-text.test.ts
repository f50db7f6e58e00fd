import { describe, expect, test } from 'vitest'
import { comment, destinationIs, ruleText, sourceIs } from './rule-text.ts'

describe('as iptables-save prints it', () => {
  test.each([
    [sourceIs('10.0.0.1'), '-s 10.0.0.1/32'],
    [sourceIs('fd00::1'), '-s fd00::1/128'],
    [sourceIs('10.0.0.0/8', true), '! -s 10.0.0.0/8'],
    [sourceIs('0.0.0.0/0'), ''],
    [sourceIs('0.0.0.0/0', true), '! -s 0.0.0.0/0'],
    [destinationIs('::/0'), ''],
    [comment('plain-words_only'), '-m comment --comment plain-words_only'],
    [comment('shop/web:http'), '-m comment --comment "shop/web:http"'],
    [comment(''), '-m comment --comment ""'],
    [comment('a "quoted" \\ word'), '-m comment --comment "a \\"quoted\\" \\\\ word"'],
  ])('%s', (text, expected) => expect(text).toBe(expected))

  test('what would break the line is replaced, what is too long for the kernel cut', () => {
    expect(comment('web\n-A INPUT -j DROP\u{1f600}')).toBe('-m comment --comment "web_-A INPUT -j DROP__"')
    expect(comment(`${'x'.repeat(250)} and more`)).toBe(`-m comment --comment "${'x'.repeat(250)} and "`)
  })

  test('the parts in their order', () =>
    expect(
      ruleText({
        target: '-j ACCEPT',
        matches: ['-m tcp --dport 80'],
        protocol: '-p tcp',
        input: '! -i cni0',
        destination: '-d 10.96.0.1/32',
      }),
    ).toBe('-d 10.96.0.1/32 ! -i cni0 -p tcp -m tcp --dport 80 -j ACCEPT'))
})
