import { expect, test } from 'vitest'
import { benchSoak, type SoakOptions } from '../../bench/soak/soak.ts'

/** Hours of churn in seconds; `npm run -s bench -- soak` is the long one. */
const short: SoakOptions = {
  hours: 4,
  services: 60,
  endpoints: 5,
  seed: 'test',
  tickSeconds: 15,
  samplesPerHour: 6,
  warmUp: 1 / 3,
  // a small heap that is still finding its level, for what `why` remembers has a bound of 3 MiB: what is missed here the long one finds
  limits: { heapMiB: 4, rssMiB: 12, externalMiB: 2, descriptors: 6, timers: 6 },
  progress: () => {},
}

test('after hours of churn the kernel equals the plan and nothing has grown', async () => {
  const { inSync, restartWrites, foreignChanges, complaints, mishaps, trends, verdict, changes } =
    await benchSoak(short)
  expect({ inSync, restartWrites, foreignChanges }).toEqual({ inSync: true, restartWrites: 0, foreignChanges: 1 })
  // the one hand of somebody else and an API server that was away, and nothing that the agent brought upon itself
  const own = Object.entries(complaints).filter(([message]) => !message.startsWith('the API server'))
  expect(Object.fromEntries(own)).toEqual({
    'somebody else changed our rules; reading them again': 1,
    'the kernel differs from the plan; repairing': 1,
  })
  for (const [mishap, count] of Object.entries(mishaps))
    expect({ mishap, happened: count > 0 }).toEqual({ mishap, happened: true })
  expect(changes).toBeGreaterThan(500)
  expect({ verdict, growing: Object.entries(trends).filter(([, trend]) => trend.verdict !== 'flat') }).toEqual({
    verdict: 'flat',
    growing: [],
  })
}, 240_000)

test('an agent that keeps 32 KiB of every change is found to grow', async () => {
  const { inSync, trends, verdict } = await benchSoak({ ...short, leakBytes: 32 << 10 })
  expect({ inSync, heap: trends.heapMiB.verdict, verdict }).toEqual({
    inSync: true,
    heap: 'growing',
    verdict: 'growing',
  })
}, 240_000)
