import { describe, expect, test } from 'vitest'
import { givenCounts } from './given.ts'

describe('counts by hand', () => {
  test('without names', () => {
    expect(givenCounts('38,35,27', 'connections')).toEqual({
      service: null,
      unit: 'connections',
      backends: [
        { name: 'pod-0', count: 38 },
        { name: 'pod-1', count: 35 },
        { name: 'pod-2', count: 27 },
      ],
      facts: {},
    })
  })

  test('with names, which may hold an equals sign', () => {
    const { backends } = givenCounts(' web-a = 38, k=v=2 ', 'connections')
    expect(backends).toEqual([
      { name: 'web-a', count: 38 },
      { name: 'k=v', count: 2 },
    ])
  })

  test('CPU may be a fraction, and numbers may be written as people write them', () => {
    expect(givenCounts('0.977,1e3,.5,5.', 'cpu').backends.map(({ count }) => count)).toEqual([0.977, 1000, 0.5, 5])
  })

  test('CPU as Kubernetes writes it; then a number without a unit is cores', () => {
    expect(givenCounts('977m,1,0.5,250000n', 'cpu').backends.map(({ count }) => count)).toEqual([977, 1000, 500, 0.25])
  })

  test.each<[string, string]>([
    ['', '--counts, value 1: must be a number, not ""'],
    ['38,,27', '--counts, value 2: must be a number, not ""'],
    ['38,35,', '--counts, value 3: must be a number, not ""'],
    ['38,-1', '--counts, value 2: must not be negative: -1'],
    ['38,1.5', '--counts, value 2: must be a whole number of connections, not 1.5'],
    ['38,NaN', '--counts, value 2: must be a number, not "NaN"'],
    ['38,Infinity', '--counts, value 2: must be a number, not "Infinity"'],
    ['38,0x10', '--counts, value 2: must be a number, not "0x10"'],
    ['1e400', '--counts, value 1: is more than 2⁵³ − 1'],
    ['9007199254740992,1', '--counts, value 1: is more than 2⁵³ − 1'],
    ['9007199254740991,1', '--counts counts more than 2⁵³ − 1 in all'],
    ['a=1,2', '--counts: name every backend (web-a=38,web-b=35) or none (38,35)'],
    ['=1', '--counts, value 1: has no name before the ='],
    ['a=1,a=2', '--counts names a twice: which count is right?'],
    ['a=x', '--counts, value 1 (a): must be a number, not "x"'],
    ['977m,995m', '--counts, value 1: 977m is an amount of CPU: add --weight cpu'],
    ['a\u001b[31m=1', '--counts, value 1: its name has control characters: "a\\u001b[31m"'],
  ])('%s is refused', (text, message) => {
    expect(() => givenCounts(text, 'connections')).toThrow(message)
  })

  test('a million backends are refused', () => {
    const text = Array.from({ length: 1_000_000 }, () => '1').join(',')
    expect(() => givenCounts(text, 'connections')).toThrow(
      'has 1000000 backends, more than the 10000 that can be judged',
    )
  })
})
