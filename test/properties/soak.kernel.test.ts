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
  // few samples of a small heap that is still finding its level: what is missed here the long one finds
  limits: { heapMiB: 1.5, rssMiB: 8, externalMiB: 2 },
  progress: () => {},
}

test('after hours of churn the kernel equals the plan and nothing has grown', async () => {
  const { inSync, restartWrites, foreignChanges, complaints, trends, verdict, changes } = await benchSoak(short)
  expect({ inSync, restartWrites, foreignChanges }).toEqual({ inSync: true, restartWrites: 0, foreignChanges: 1 })
  // the one hand of somebody else, and nothing that the agent brought upon itself
  expect(complaints).toEqual({
    'somebody else changed our rules; reading them again': 1,
    'the kernel differs from the plan; repairing': 1,
  })
  expect(changes).toBeGreaterThan(500)
  expect({ verdict, trends }).toMatchObject({ verdict: 'flat' })
}, 240_000)

test('an agent that keeps 8 KiB of every change is found to grow', async () => {
  const { inSync, trends, verdict } = await benchSoak({ ...short, leakBytes: 8 << 10 })
  expect({ inSync, heap: trends.heapMiB.verdict, verdict }).toEqual({
    inSync: true,
    heap: 'growing',
    verdict: 'growing',
  })
}, 240_000)
