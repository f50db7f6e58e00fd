import { describe, expect, it, test } from 'vitest'
import type { Backend } from '../model/frontend.ts'
import { nextPermutation, reorder } from './reorder.ts'
import { slotName } from './stable.ts'

const backends = (count: number): Backend[] =>
  Array.from({ length: count }, (_, i) => ({ address: `10.0.0.${i + 1}`, port: 80, weight: 1, pod: '', node: '' }))

describe('nextPermutation', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])('visits every permutation of %i before one comes again', (length) => {
    const seen = new Set<string>()
    let order = Array.from({ length }, (_, index) => index)
    for (; !seen.has(order.join()); order = nextPermutation(order, 7)) seen.add(order.join())
    const factorial = Array.from({ length }, (_, i) => i + 1).reduce((product, factor) => product * factor, 1)
    expect(seen.size).toBe(factorial)
  })
})

describe('reorder', () => {
  const sizes = [2, 3, 4, 5, 6, 7, 8, 9, 12, 13]
  const connections = [1, 2, 3, 5]
  const guests = [1, 2, 3]
  const steps = 1_200
  const table = sizes.flatMap((size) => connections.flatMap((each) => guests.map((guest) => ({ size, each, guest }))))

  test.each(table)(
    'of $size that stay, $each connections after each coming and going of $guest others: nobody gets 1.5 × the share',
    ({ size, each, guest }) => {
      const staying = backends(size)
      const all = backends(size + guest)
      for (const seed of ['node-0 10.96.0.1:80/TCP', 'node-1 10.96.0.1:80/TCP', 'node-2 [fd00::1]:53/UDP']) {
        const counts = new Map<string, number>()
        let order = reorder(staying, [], seed)
        for (let step = 0; step < steps; step++) {
          order = reorder(all, order.map(slotName), seed)
          order = reorder(staying, order.map(slotName), seed)
          for (let i = 0; i < each; i++) {
            const name = slotName(order[i % size] as Backend)
            counts.set(name, (counts.get(name) ?? 0) + 1)
          }
        }
        expect(Math.max(...counts.values())).toBeLessThanOrEqual((1.5 * steps * each) / size)
      }
    },
  )

  it('holds exactly the backends, whatever was there before', () => {
    const order = reorder(backends(5), ['10.0.0.2:80', '10.9.9.9:80', '10.0.0.2:80'], 'seed')
    expect(order.map(slotName).sort()).toEqual(backends(5).map(slotName))
  })
})
