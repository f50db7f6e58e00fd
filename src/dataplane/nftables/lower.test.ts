import { expect, test } from 'vitest'
import type { Statement } from '../../rules/model.ts'
import { field } from '../../rules/terms.ts'
import { lowerRule } from './lower.ts'

const load = { name: 'payload', dreg: 1, base: 'network', offset: 12, len: 4 }
const match = (op: '==' | '!=', right: string, mask?: string): Statement => ({
  kind: 'match',
  left: field('ip saddr'),
  op,
  right,
  ...(mask !== undefined && { mask }),
})

test.each<[string, Statement, readonly object[]]>([
  [
    'a whole address',
    match('==', '\x0a\x01\x02\x03'),
    [load, { name: 'cmp', sreg: 1, op: 'eq', data: '\x0a\x01\x02\x03' }],
  ],
  [
    'a prefix of whole bytes: nft loads fewer',
    match('!=', '\x0a\x01\0\0', '\xff\xff\0\0'),
    [
      { ...load, len: 2 },
      { name: 'cmp', sreg: 1, op: 'neq', data: '\x0a\x01' },
    ],
  ],
  [
    'another prefix: a mask',
    match('==', '\x0a\x01\x10\0', '\xff\xff\xf0\0'),
    [
      load,
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: '\xff\xff\xf0\0', xor: '\0\0\0\0' },
      { name: 'cmp', sreg: 1, op: 'eq', data: '\x0a\x01\x10\0' },
    ],
  ],
])('a source is matched as nft does it: %s', (_, statement, expected) => {
  expect(lowerRule({ statements: [statement] }, 'ip')).toMatchObject(expected)
})
