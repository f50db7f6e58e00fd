import { expect, test } from 'vitest'
import { seriesText } from './series-text.ts'

test('what was measured within the band, and the formula beside it', () => {
  const text = seriesText(
    {
      name: 'share',
      unit: '',
      points: [
        [0, 0],
        [10, 1],
      ],
      predicted: [
        [0, 0, 0, 0],
        [10, 0.5, 1, 1.5],
      ],
    },
    {
      name: 'formula',
      points: [
        [0, 0],
        [10, 0.75],
      ],
    },
  )
  expect(text).toBe(`share
  1.5 │                                                    ░░░░
      │                                             ░░░░░░░░░░░
      │                                      ░░░░░░░░░░░░░░░░░░
      │                               ░░░░░░░░░░░░░░░░●●●●●●●●●
      │                         ░░░░░░░░░░░░●●●●●●●●●●░░·······
      │                  ░░░░░░░░●●●●●●●●●●●············░░░░░░░
      │           ░░░░░●●●●●●●●●●·········░░░░░░░░░░░░░░░░░
      │    ░░●●●●●●●●●●·····░░░░░░░░░░
    0 │●●●●●●·░░░░
      └────────────────────────────────────────────────────────
       0                                                   10 s
       ● measured  ░ predicted  · formula
`)
})

test.each([
  ['one point', [[1, 1]]],
  [
    'nothing at all',
    [
      [0, 0],
      [1, 0],
    ],
  ],
] as const)('%s is no curve', (_, points) => {
  expect(seriesText({ name: 'share', unit: '', points })).toBe('')
})
