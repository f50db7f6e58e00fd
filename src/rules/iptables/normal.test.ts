import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { normalRule } from './index.ts'

const golden = (name: string): readonly string[] =>
  readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('-A '))

const withChain = (line: string): string => `${line.split(' ')[1]} ${normalRule(line)}`

test.each([
  ['ip', 'legacy'],
  ['ip', 'nft'],
  ['ip6', 'legacy'],
  ['ip6', 'nft'],
])('%s %s: what was written is what is saved', (family, backEnd) => {
  const saved = golden(`${family}.${backEnd}.save`).map(withChain)
  const written = golden(`written.${family}`).map(withChain)
  expect(written.toSorted()).toEqual(saved.toSorted())
})

test.each([
  ['-m tcp -p tcp -d 10.0.0.1 --dport 80 -j X', '-d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j X'],
  ['-A X -p 6 -s 10.1.2.3/8 -j X', '-s 10.0.0.0/8 -p tcp -j X'],
  ['-j MARK --or-mark 0x4000', '-j MARK --set-xmark 0x4000/0x4000'],
  ['-j MARK --xor-mark 16384', '-j MARK --set-xmark 0x4000/0x0'],
  ['-m mark --mark 0x4000/0xffffffff -j X', '-m mark --mark 0x4000 -j X'],
  [
    '-m statistic --mode random --probability 0.3333333333 -j X',
    '-m statistic --mode random --probability 0.33333333349 -j X',
  ],
  ['-p tcp -j REJECT --reject-with icmp-port-unreachable', '-p tcp -j REJECT'],
  ['[1:2] -A X -j Y -c 3 4', '-j Y'],
  ['-p tcp -m tcp -m mark --mark 1 -m comment --comment x -j Y', '-p tcp -m comment --comment x -m mark --mark 1 -j Y'],
])('%s = %s', (a, b) => {
  expect(normalRule(a)).toBe(normalRule(b))
})

test.each([
  [
    '-m statistic --mode random --probability 0.33333333349 -j X',
    '-m statistic --mode random --probability 0.33333333302 -j X',
  ],
  ['! -s 10.0.0.0/8 -j X', '-s 10.0.0.0/8 -j X'],
  ['-j X', '-g X'],
  ['-m comment --comment "a b" -j X', '-m comment --comment "a  b" -j X'],
])('%s ≠ %s', (a, b) => {
  expect(normalRule(a)).not.toBe(normalRule(b))
})

test('a normal rule is its own normal form', () => {
  for (const line of golden('ip.legacy.save')) expect(normalRule(normalRule(line))).toBe(normalRule(line))
})
