import { expect, test } from 'vitest'
import { mentionsOf } from './mentions.ts'

test('addresses of pods and names of Services, wherever they stand', () => {
  const message = Buffer.concat([
    Buffer.from([1, 10, 0, 10, 200, 3, 4, 10, 129]),
    Buffer.from('f-1a2b-team-7/service-107/http\0'),
    Buffer.from([10, 128, 0, 1]),
  ])
  expect(mentionsOf(message)).toEqual(new Set(['team-7/service-107', '10.200.3.4', '10.129.102.45', '10.128.0.1']))
})

test('an address that is cut off at the end is none', () => {
  expect(mentionsOf(Buffer.from([10, 128, 1]))).toEqual(new Set())
})
