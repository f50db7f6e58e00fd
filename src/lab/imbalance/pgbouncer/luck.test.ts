import { expect, test } from 'vitest'
import { atRandom, chancesOf, inTurn } from './luck.ts'

const picture = [977, 995, 585, 993]
const options = { draws: 4000, seed: 'luck' }

test('few connections make the published picture by luck, many do not', () => {
  const chances = [12, 24, 100, 1000].map((n) => chancesOf(picture, n, { ...options, deal: atRandom(4) }).asUneven)
  expect(chances).toEqual(chances.toSorted((a, b) => b - a))
  // X² = n·CV² = 0.933 with 3 degrees of freedom: the chi-square tail is .82; exactly it is a little more or less, as counts are whole
  expect(chances[1]).toBeGreaterThan(0.75)
  expect(chances[3]).toBe(0)
})

test('a picture of two is counted by hand', () => {
  // of 4 connections on two pods: 4:0 in 2 of 16 ways, 3:1 in 8, 2:2 in 6
  const close = (value: number, exact: number): void => expect(Math.abs(value - exact)).toBeLessThan(0.03)
  const { asUneven, asLight, asFarBehind } = chancesOf([3, 1], 4, { ...options, deal: atRandom(2) })
  close(asUneven, 10 / 16)
  close(asLight, 10 / 16)
  close(asFarBehind, 10 / 16)
  close(chancesOf([4, 0], 4, { ...options, deal: atRandom(2) }).asUneven, 2 / 16)
})

test('in turn it never comes', () => {
  for (const connections of [16, 24, 40])
    expect(chancesOf(picture, connections, { ...options, deal: inTurn(4, 2) })).toMatchObject({
      asUneven: 0,
      asLight: 0,
      asFarBehind: 0,
    })
  expect(inTurn(4, 2)(24, () => 0)).toEqual([6, 6, 6, 6])
})

test('the same seed gives the same answer', () => {
  const once = () => chancesOf(picture, 24, { ...options, deal: atRandom(4) })
  expect(once()).toEqual(once())
})
