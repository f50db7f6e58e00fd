import { expect, test } from 'vitest'
import { categoriesOf, luckText, numberText } from './section.ts'

test.each([
  [['pod-0', 'pod-1', 'pod-10'], 'pod-…', ['0', '1', '10']],
  [['pod-10', 'pod-11'], 'pod-…', ['10', '11']],
  [['share after 4 s', 'share after 8 s'], 'share after …', ['4 s', '8 s']],
  [['web', 'worker'], '', ['web', 'worker']],
  [['a-b', 'a-b'], 'a-…', ['b', 'b']],
  [[''], '', ['']],
  [[], '', []],
])('%j below the axis', (names, label, categories) => expect(categoriesOf(names)).toEqual({ label, categories }))

test.each([
  [1_234_567, '1,234,567'],
  [123.456, '123'],
  [12.34, '12.3'],
  [1.005, '1.00'],
  [0.0012, '0.0012'],
  [-0.5, '-0.50'],
  [Number.NaN, '–'],
  [null, '–'],
])('%j reads %s', (value, text) => expect(numberText(value)).toBe(text))

test('luck', () =>
  expect([0.0421, 7e-35, 1, null].map(luckText)).toEqual(['p = 0.042', 'p < 0.000001', 'p = 1', 'p not known']))
