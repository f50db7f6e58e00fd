import type { Target } from '../traffic-protocol.ts'
import type { Lifetime } from './lifetime.ts'

/** What a traffic source is asked about connections that last, and answers. */

export interface SessionsRequest {
  /** the answer is asked for by this name; one source can have several sets at a time */
  readonly name: string
  /** connection i goes to targets[i % length]; TCP */
  readonly targets: readonly Target[]
  readonly pattern: Pattern
  /** connection i (a pool's: session i) takes lifetimes[i % length]: every fourth is long with [long, short, short, short] */
  readonly lifetimes: readonly Lifetime[]
  /** on each open connection, evenly spaced; 0: one request, when it opens */
  readonly requestsPerSecond: number
  readonly seed: string
  /** of a connection that fails, and of a request that is not answered */
  readonly timeoutMs: number
}

export type Pattern =
  /**
   * So many are kept open: each session opens its next connection when the last one ended; a failure is tried again after `retryMs`. They begin one
   * after another within `rampSeconds`, default all at once.
   */
  | {
      readonly kind: 'pool'
      readonly sessions: number
      readonly settled: boolean
      readonly retryMs: number
      readonly rampSeconds?: number
    }
  /** a new one every 1/perSecond seconds, `count` in all (null: until stopped); nothing is opened again */
  | { readonly kind: 'arrivals'; readonly perSecond: number; readonly count: number | null }

/** open: it still is · lifetime: closed by the client · cut: closed by the pod or the network · failed: a request had no answer in time */
export type SessionEnd = 'open' | 'lifetime' | 'cut' | 'failed'

/** Times are seconds since the epoch. */
export interface SessionConnection {
  /** a pool's session, or the arrival's number */
  readonly session: number
  readonly pod: string
  /** the client's own port */
  readonly fromPort: number
  /** when it was to be opened: after the life of the one before it, or in its turn */
  readonly dueAt: number
  /** when it was: later by what the client was busy, and the machine */
  readonly openedAt: number
  /** null: open */
  readonly closedAt: number | null
  /** answered */
  readonly requests: number
  /** from the first packet to the first answer */
  readonly openMs: number
  readonly end: SessionEnd
}

/** A connection that never answered. */
export interface FailedConnection {
  readonly session: number
  readonly at: number
  readonly tookMs: number
  /** errno, or NOANSWER: closed without one */
  readonly error: string
}

export interface SessionsAnswer {
  readonly connections: readonly SessionConnection[]
  readonly failed: readonly FailedConnection[]
  /** neither opened nor told, because the set has had `mostConnections` */
  readonly leftOut: number
}

/** of a set, so that memory has a bound */
export const mostConnections = 200_000
