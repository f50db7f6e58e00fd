import { expect, test } from 'vitest'
import { frontend, someNode } from '../../../test/support/frontends.ts'
import { planOf, reconciling } from '../../../test/support/reconciling.ts'
import { ToyKernel, toyPlan, toyPlane } from '../../../test/support/toy-plane.ts'
import type { Frontend } from '../../model/frontend.ts'

/** An agent that starts while its sources are away, on a kernel that another one left. */
const begin = (kernel: ToyKernel) =>
  reconciling({ plane: toyPlane, driver: kernel.driver(), node: { ...someNode, name: 'half-known' } })

const left = async (...frontends: Frontend[]): Promise<ToyKernel> => {
  const kernel = new ToyKernel()
  const { reconciler, settled } = begin(kernel)
  reconciler.setNode(someNode)
  reconciler.update(planOf(...frontends))
  reconciler.sourcesComplete()
  await settled()
  await reconciler[Symbol.asyncDispose]()
  return kernel
}

test('nothing is written for hours, and status says what is kept', async () => {
  const kernel = await left(frontend(1, [1, 2]), frontend(2, [2]), frontend(3, []))
  const { clock, reconciler } = begin(kernel)
  await clock.advance(3_600_000)
  expect(kernel.transactions).toBe(1)
  expect(reconciler.status()).toMatchObject({ kept: 3, extra: 0, strays: 0, lagging: [], frontends: 0 })
  expect(reconciler.status().keptSince).toBeGreaterThan(0)
})

test('what others take away meanwhile is put back, the node’s own part too', async () => {
  const kernel = await left(frontend(1, [1, 2]), frontend(2, [2]))
  const before = kernel.dump()
  const { clock } = begin(kernel)
  await clock.advance(10)
  kernel.interfere((objects) => objects.clear())
  await clock.advance(10_000)
  expect(kernel.dump()).toBe(before)
})

test('the plan comes at last: what it says is in force, and nothing more', async () => {
  const kernel = await left(frontend(1, [1, 2]), frontend(2, [2]), frontend(9, [9]))
  const { clock, reconciler, settled } = begin(kernel)
  await clock.advance(1_000)
  kernel.interfere((objects) => objects.delete('number 10.96.0.2:80/TCP'))
  await clock.advance(10_000)
  reconciler.setNode(someNode)
  const planned = [frontend(1, [1, 2]), frontend(2, [3]), frontend(4, [4])]
  reconciler.update(planOf(...planned))
  reconciler.sourcesComplete()
  await settled()
  expect(kernel.dump()).toBe(toyPlan(planned, 'node-a'))
  expect(reconciler.status()).toMatchObject({ kept: 0, keptSince: 0, inSync: 3, lagging: [] })
})

test('a plan that is what was found writes nothing', async () => {
  const planned = [frontend(1, [1, 2]), frontend(2, [2])]
  const kernel = await left(...planned)
  const { clock, reconciler, settled } = begin(kernel)
  await clock.advance(1_000)
  reconciler.setNode(someNode)
  reconciler.update(planOf(...planned))
  reconciler.sourcesComplete()
  await settled()
  expect(kernel.transactions).toBe(1)
})

test('some may stay longer, with what they share, each until it is named', async () => {
  const kernel = await left(frontend(1, [1, 2]), frontend(2, [2]), frontend(3, [3]))
  const { clock, reconciler, settled } = begin(kernel)
  expect([...(await clock.until(reconciler.serving()))].sort()).toEqual([1, 2, 3].map((n) => frontend(n, []).key))
  reconciler.setNode(someNode)
  reconciler.update(planOf(frontend(1, [1])))
  reconciler.sourcesComplete(new Set([frontend(2, []).key, frontend(3, []).key]))
  await settled()
  await clock.advance(10_000)
  expect(kernel.objects.has('number 10.96.0.2:80/TCP')).toBe(true)
  expect(kernel.objects.has('person 10.1.0.3')).toBe(true)
  expect(reconciler.status()).toMatchObject({ kept: 2, extra: 0 })
  kernel.interfere((objects) => objects.delete('number 10.96.0.3:80/TCP'))
  await clock.advance(10_000)
  expect(kernel.objects.has('number 10.96.0.3:80/TCP')).toBe(true)
  reconciler.update(new Map([[frontend(2, []).key, frontend(2, [])]]))
  await settled()
  reconciler.update(new Map([[frontend(3, []).key, null]]))
  await settled()
  await clock.advance(10_000)
  expect(kernel.dump()).toBe(toyPlan([frontend(1, [1]), frontend(2, [])], 'node-a'))
  expect(reconciler.status()).toMatchObject({ kept: 0, strays: 0 })
})
