import { expect, test } from 'vitest'
import { podAddress } from '../../src/lab/scale/objects.ts'
import { FRONTEND, openService, sliceOf } from './one-service.ts'
import { nft, watchDestinations } from './probe.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, pod) => pod)

test.each([
  ['few slots, so the table moves to the other range', 4],
  ['many slots, so the table is changed in place', 300],
])(
  'no flow leaves untranslated while a frontend shrinks and grows 1,000 times: %s',
  async (_, size) => {
    await using stack = new AsyncDisposableStack()
    const { namespace, agent, flows } = await openService(stack, range(size))
    const probe = watchDestinations(namespace, [FRONTEND.to, podAddress(0)])

    await flows.call({ ask: 'start', ...FRONTEND })
    for (let cycle = 0; cycle < 1_000; cycle++) {
      await agent.change(sliceOf(range(size - 1)))
      await agent.change(sliceOf(range(size)))
    }
    const sent = await flows.call({ ask: 'stop' })
    const [untranslated = Number.NaN, toFirst = 0] = probe.read()
    const { missed } = await agent.counters()

    expect(sent).toBeGreaterThan(10_000)
    expect(toFirst).toBeGreaterThan(0)
    expect(untranslated).toBe(0)
    expect(missed).toBe(0)
    await agent.settle()
  },
  120_000,
)

/** `ip TABLE MAP { KEY }` of the frontend's last slot, from what nft lists. */
const slotOf = (ruleset: string): string => {
  for (const [, table, body = ''] of ruleset.matchAll(/^table ip (evenkeel\S*) \{\n(.*?)^\}/gms)) {
    for (const [, map, elements = ''] of body.matchAll(/^\tmap (backends\S*) \{\n(.*?)^\t\}/gms)) {
      const keys = [...elements.matchAll(new RegExp(`${FRONTEND.to} \\. udp \\. ${FRONTEND.port} \\. (\\d+)`, 'g'))]
      const [last] = keys.sort(([, a], [, b]) => Number(b) - Number(a))
      if (last) return `ip ${table} ${map} { ${last[0]} }`
    }
  }
  throw new Error(`no slot of ${FRONTEND.to} in\n${ruleset}`)
}

/** All tables' counters of this name. */
const counted = (namespace: string, name: string): number =>
  [...nft(namespace, ['list ruleset']).matchAll(new RegExp(`counter ${name} \\{[^}]*packets (\\d+)`, 'g'))].reduce(
    (sum, [, packets]) => sum + Number(packets),
    0,
  )

test('a slot that holds nothing is served by the fallback, and counted', async () => {
  await using stack = new AsyncDisposableStack()
  const { namespace, agent, flows } = await openService(stack, range(4))
  const probe = watchDestinations(namespace, [FRONTEND.to, ...range(4).map(podAddress)])
  // by hand: the plane itself never leaves such a hole, and would fill it again
  await agent.stop()
  nft(namespace, [`delete element ${slotOf(nft(namespace, ['list ruleset']))}`])

  await flows.call({ ask: 'send', ...FRONTEND, count: 40 })
  const [untranslated, ...pods] = probe.read()

  expect(untranslated).toBe(0)
  expect(pods.reduce((sum, count) => sum + count, 0)).toBe(40)
  expect({ fallbacks: counted(namespace, 'fallbacks'), missed: counted(namespace, 'missed') }).toEqual({
    fallbacks: 10,
    missed: 0,
  })
})

const rolling = (step: number): number[] => [...range(4), 100 + step]
const flapping = (): number[] => [...range(4), 100]

test.each([
  ['a new pod comes and goes', rolling],
  ['the same pod comes and goes', flapping],
])(
  'replacing a rule of 4 slots 100 times, two connections between each, favours no pod: %s',
  async (_, five) => {
    await using stack = new AsyncDisposableStack()
    const { namespace, agent, flows } = await openService(stack, range(4))
    const probe = watchDestinations(namespace, range(4).map(podAddress))

    for (let step = 0; step < 100; step++) {
      await agent.change(sliceOf(five(step)))
      await agent.change(sliceOf(range(4)))
      await flows.call({ ask: 'send', ...FRONTEND, count: 2 })
    }

    const counts = probe.read()
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200)
    expect(counts.filter((count) => count > 75)).toEqual([])
  },
  60_000,
)

test('removing one of 5,000 endpoints writes at most 4 elements', async () => {
  await using stack = new AsyncDisposableStack()
  const { agent } = await openService(stack, range(5_000))
  const { elements } = await agent.change(sliceOf(range(5_000).toSpliced(2_500, 1)))
  const later = await agent.settle()
  expect(elements + later.elements).toBeLessThanOrEqual(4)
})
