import type { RunOutcome } from './model.ts'

/** Every sample of every run, flat. */
export interface Moment {
  readonly pods: number
  readonly runs: number
  /** [(sample × pods + pod) × runs + run] */
  readonly share: Float64Array
  /** [sample × runs + run], as the next ones */
  readonly maxOverMean: Float64Array
  readonly idle: Float64Array
  readonly newcomers: Float64Array
  readonly anyNewcomers: { value: boolean }
}

export const momentsOf = (samples: number, pods: number, runs: number): Moment => ({
  pods,
  runs,
  share: new Float64Array(samples * pods * runs),
  maxOverMean: new Float64Array(samples * runs),
  idle: new Float64Array(samples * runs),
  newcomers: new Float64Array(samples * runs),
  anyNewcomers: { value: false },
})

/** Takes note of one sample of a run. With nothing at all, max/mean is 1 and all shares are 0. */
export const momentInto = (moments: Moment, outcome: RunOutcome, sample: number, run: number): void => {
  const { pods, runs, share } = moments
  const { amounts, states } = outcome
  const at = sample * pods
  const seen = { all: 0, ready: 0, total: 0, most: 0, idle: 0, newcomers: 0, newTotal: 0 }
  for (let pod = 0; pod < pods; pod++) {
    const amount = amounts[at + pod] ?? 0
    seen.all += amount
    if (((states[at + pod] ?? 0) & 1) === 0) continue
    seen.ready += 1
    seen.total += amount
    seen.most = Math.max(seen.most, amount)
    if (amount === 0) seen.idle += 1
    if ((outcome.pods[pod]?.startedAt ?? -1) < 0) continue
    seen.newcomers += 1
    seen.newTotal += amount
  }
  for (let pod = 0; pod < pods; pod++)
    share[(at + pod) * runs + run] = seen.all > 0 ? (amounts[at + pod] ?? 0) / seen.all : 0
  const mean = seen.total / seen.ready
  const entry = sample * runs + run
  moments.maxOverMean[entry] = seen.total > 0 ? seen.most / mean : 1
  moments.idle[entry] = seen.idle
  if (seen.newcomers === 0) return
  moments.anyNewcomers.value = true
  moments.newcomers[entry] = seen.total > 0 ? seen.newTotal / seen.newcomers / mean : 0
}
