import { expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { FlowFilter } from '../kernel/conntrack-types.ts'
import { KernelError } from '../kernel/errors.ts'
import { silent } from '../util/log.ts'
import { StaleFlows } from './stale-flows.ts'

const dns = (last: number): FlowFilter => ({
  protocol: 'UDP',
  address: '10.96.0.10',
  port: 53,
  backend: { address: `10.1.0.${last}`, port: 5353 },
})
const nodePort: FlowFilter = { protocol: 'UDP', address: null, port: 30053, backend: null }

const setUp = () => {
  const clock = new ManualClock()
  const pending = new Set<string>()
  const passes: (readonly FlowFilter[])[] = []
  const kernel = { fails: 0, during: () => {} }
  const conntrack = {
    deleteFlows: async (filters: readonly FlowFilter[]) => {
      if (kernel.fails-- > 0) throw new KernelError({ operation: 'conntrack', errno: 'ENOBUFS' })
      passes.push(filters)
      kernel.during()
      await Promise.resolve()
      return filters.length
    },
    [Symbol.asyncDispose]: async () => {},
  }
  const flows = new StaleFlows({ conntrack, clock, log: silent, isPending: (key) => pending.has(key) })
  return { clock, pending, passes, kernel, flows }
}

test('flows of many changes go in one pass, each once', async () => {
  const { clock, passes, flows } = setUp()
  flows.add([dns(1), dns(2)])
  flows.add([dns(1), nodePort])
  await clock.advance(1_000)
  expect(passes).toEqual([[dns(1), dns(2), nodePort]])
})

test('a flow waits until the rules that would make it again are gone', async () => {
  const { clock, pending, passes, flows } = setUp()
  pending.add('10.96.0.10:53/UDP')
  pending.add('node6:30053/UDP')
  flows.add([dns(1), nodePort])
  await clock.advance(5_000)
  expect(passes).toEqual([])
  pending.delete('10.96.0.10:53/UDP')
  flows.applied()
  await clock.advance(1_000)
  expect(passes).toEqual([[dns(1)]])
  pending.clear()
  flows.applied()
  await clock.advance(1_000)
  expect(passes).toEqual([[dns(1)], [nodePort]])
})

test('a pass that fails is made again', async () => {
  const { clock, passes, kernel, flows } = setUp()
  kernel.fails = 3
  flows.add([dns(1)])
  await clock.advance(500)
  flows.add([dns(2)])
  await clock.advance(10_000)
  expect(passes).toEqual([[dns(1), dns(2)]])
})

test('flows that have time to be answered are looked for later, the others meanwhile', async () => {
  const { clock, passes, flows } = setUp()
  await clock.advance(10_000)
  flows.add([dns(1)], 250)
  await clock.advance(100)
  flows.add([nodePort])
  await clock.advance(149)
  expect(passes).toEqual([[nodePort]])
  await clock.advance(1)
  expect(passes).toEqual([[nodePort], [dns(1)]])
})

test('of flows that are given time many cost a pass now and then', async () => {
  const { clock, passes, flows } = setUp()
  await clock.advance(10_000)
  for (let n = 0; n < 100; n++) {
    flows.add([dns(n)], 250)
    await clock.advance(10)
  }
  await clock.advance(1_000)
  expect(passes.flat()).toHaveLength(100)
  expect(passes.map(({ length }) => length)).toEqual([1, 25, 25, 25, 24])
})

test('flows that come during a pass get the next one', async () => {
  const { clock, passes, kernel, flows } = setUp()
  kernel.during = () => {
    kernel.during = () => {}
    flows.add([dns(2)])
  }
  flows.add([dns(1)])
  await clock.advance(1_000)
  expect(passes).toEqual([[dns(1)], [dns(2)]])
})

test('nothing is deleted after the end', async () => {
  const { clock, passes, flows } = setUp()
  flows.add([dns(1)])
  await flows[Symbol.asyncDispose]()
  flows.add([dns(2)])
  await clock.advance(10_000)
  expect(passes).toEqual([])
})
