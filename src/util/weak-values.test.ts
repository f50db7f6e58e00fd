import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { WeakValues } from './weak-values.ts'

test('one value for a key while somebody holds it', () => {
  const values = new WeakValues<{ n: number }>()
  const first = values.get('a', () => ({ n: 1 }))
  expect(values.get('a', () => ({ n: 2 }))).toBe(first)
  expect(values.get('b', () => ({ n: 3 }))).toEqual({ n: 3 })
})

test('what nobody holds is forgotten', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const values = new WeakValues<{ n: number }>()
  const held = values.get('held', () => ({ n: 0 }))
  for (let n = 0; n < 1_000; n++) values.get(`passing ${n}`, () => ({ n }))
  // a reference stays alive until the end of the turn in which it was made or asked
  for (let turn = 0; turn < 50 && values.size > 1; turn++) {
    await wait(1)
    collect()
  }
  expect(values.size).toBe(1)
  expect(values.get('held', () => ({ n: 1 }))).toBe(held)
})
