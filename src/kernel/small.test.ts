import { expect, test } from 'vitest'
import { errnoName } from './errno.ts'
import { KernelError } from './errors.ts'
import { parseCpuList } from './index.ts'

test.each([
  [2, 'ENOENT'],
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
  [105, 'ENOBUFS'],
  [524, 'ENOTSUPP'],
  [4000, 'errno 4000'],
])('errno %i is %s', (errno, name) => expect(errnoName(errno)).toBe(name))

test.each([
  ['0\n', 1],
  ['0-3\n', 4],
  ['0-3,8-9,12', 7],
])('%j is %i CPUs', (text, count) => expect(parseCpuList(text)).toBe(count))

test('a KernelError reads like a sentence', () => {
  const failure = {
    operation: 'nftables add element',
    object: 'backends 10.96.0.10',
    errno: 'ENOENT',
    detail: 'no such table',
  }
  expect(new KernelError(failure).message).toBe('nftables add element backends 10.96.0.10: ENOENT (no such table)')
})
