import { expect, test } from 'vitest'
import { cutInPieces } from './pieces.ts'

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const never = (): boolean => false

test('neighbours stay together, and small neighbourhoods share a piece', () => {
  const pieces = cutInPieces(items(5_000), { place: (item) => item % 8, first: never })
  expect(pieces.flat().sort((a, b) => a - b)).toEqual(items(5_000))
  expect(pieces.map(({ length }) => length)).toEqual([250, 1_000, 625, 625, 625, 625, 625, 625])
  expect(new Set(pieces[1]?.map((item) => item % 8))).toEqual(new Set([0, 1]))
})

test('a large neighbourhood is cut, and the leader goes first', () => {
  const pieces = cutInPieces(items(9_001), { place: () => 0, first: (item) => item === 9_000 })
  expect(pieces.map(({ length }) => length)).toEqual([251, 4_000, 4_000, 750])
  expect(pieces[0]?.[0]).toBe(9_000)
})

test('nothing, and a leader alone', () => {
  expect(cutInPieces([], { place: () => 0, first: never })).toEqual([])
  expect(cutInPieces([1], { place: () => 0, first: () => true })).toEqual([[1]])
})
