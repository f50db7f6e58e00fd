import { test } from 'vitest'
import fc from 'fast-check'
import { expect } from 'vitest'
import { dropFirst, eventQueue, firstTime, put, replaceFirst } from './queue.ts'

type Operation = { readonly kind: 'put' | 'drop' | 'replace'; readonly time: number }

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('put', 'put', 'drop', 'replace'),
  // few different times, so that many events are of one moment
  time: fc.integer({ min: 0, max: 9 }),
})

test('gives back what a sorted list would, in any mixture of operations', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const queue = eventQueue(1)
      const list: { time: number; order: number; code: number }[] = []
      const insert = (time: number, order: number, code: number): void => {
        list.push({ time, order, code })
        list.sort((a, b) => a.time - b.time || a.order - b.order)
      }
      for (const [code, { kind, time }] of operations.entries()) {
        if (kind === 'put') insert(time, put(queue, time, code), code)
        else if (list.length === 0) continue
        else {
          list.shift()
          if (kind === 'drop') dropFirst(queue)
          else insert(time, replaceFirst(queue, time, code), code)
        }
        expect(queue.size).toBe(list.length)
        expect(firstTime(queue)).toBe(list[0]?.time ?? Infinity)
        if (list[0] !== undefined) expect([queue.orders[0], queue.codes[0]]).toEqual([list[0].order, list[0].code])
      }
    }),
    { seed: 1 },
  )
})
