import type { SoakSample } from './protocol.ts'
import { type Trend, trend } from './trend.ts'

/** What must not grow. */
export type Measure = 'heapMiB' | 'rssMiB' | 'externalMiB' | 'descriptors' | 'threads' | 'timers'
export type Limits = Readonly<Record<Measure, number>>
export type Trends = Readonly<Record<Measure, Trend>>

/** The most that each may grow over the time measured and still count as flat: memory a little, the countable by less than one. */
const defaultLimits = (first: SoakSample): Limits => ({
  heapMiB: Math.max(0.25, first.heapMiB * 0.02),
  rssMiB: Math.max(2, first.rssMiB * 0.03),
  externalMiB: 0.5,
  // a watch may just be on its way back
  descriptors: 3,
  threads: 0.9,
  timers: 3,
})

export const trendsOf = (samples: readonly SoakSample[], limits: Partial<Limits> = {}): Trends => {
  const [first] = samples
  if (!first) throw new RangeError('no samples after the warm-up: more hours, or more samples in an hour')
  const all = { ...defaultLimits(first), ...limits }
  const of = (measure: Measure): Trend =>
    trend(
      samples.map((sample) => ({ at: sample.hour, value: sample[measure] })),
      all[measure],
    )
  return {
    heapMiB: of('heapMiB'),
    rssMiB: of('rssMiB'),
    externalMiB: of('externalMiB'),
    descriptors: of('descriptors'),
    threads: of('threads'),
    timers: of('timers'),
  }
}
