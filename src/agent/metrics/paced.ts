import type { Clock } from '../../util/clock.ts'

export interface Pace {
  readonly clock: Clock
  /** ms that an answer serves at least */
  readonly least: number
  /** an answer serves this many times what it cost, so that reading takes 1/n of the time at most; default 20 */
  readonly timesCost?: number
  /** ms that an answer serves at most, default 30,000 */
  readonly most?: number
}

/** However many ask, and however often: `read` runs once at a time, and its answer serves for a while. A failure is not kept. */
export const paced = <T>(
  read: () => Promise<T>,
  { clock, least, timesCost = 20, most = 30_000 }: Pace,
): (() => Promise<T>) => {
  let last: Promise<T> | null = null
  let until = 0
  const timed = async (): Promise<T> => {
    const started = clock.now()
    try {
      const answer = await read()
      const now = clock.now()
      until = Math.max(started + least, now + Math.min(most, timesCost * (now - started)))
      return answer
    } catch (error) {
      until = 0
      throw error
    }
  }
  return () => {
    if (last && clock.now() < until) return last
    until = Number.POSITIVE_INFINITY
    last = timed()
    return last
  }
}
