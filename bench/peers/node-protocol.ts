import type { ConnectTimes } from '../../src/lab/scale/connects.ts'

/** A connection through a Service, and the events of nf_tables: what a proxy brought about, seen from its own network namespace. */
export type NodeRequest =
  /** polls until every target was reached once */
  | { readonly ask: 'reach all'; readonly targets: readonly string[]; readonly timeoutMs: number }
  /** which of them cannot be reached now */
  | { readonly ask: 'unreachable'; readonly targets: readonly string[] }
  /** polls until /healthz of port 10256 answers 200 */
  | { readonly ask: 'healthy'; readonly timeoutMs: number }
  /** begins to listen to nf_tables, or forgets what was heard */
  | { readonly ask: 'listen' }
  | {
      readonly ask: 'in force'
      readonly changes: readonly Sought[]
      readonly timeoutMs: number
      readonly by: 'events' | 'connect'
    }
  | { readonly ask: 'connect'; readonly targets: readonly Target[]; readonly count: number }

export interface Target {
  readonly address: string
  readonly port: number
}

/** A change to look for: events that name the endpoint's address or the Service. */
export interface Sought {
  /** cluster IP */
  readonly frontend: string
  /** the endpoint that came or went */
  readonly endpoint: string
  /** `namespace/name` */
  readonly service: string
  /** ms on the monotonic clock: what was heard before does not count */
  readonly since: number
}

/** `at`: ms on the monotonic clock, for each of what was asked in its order; null: not within the time */
export type NodeValue =
  | null
  | { readonly at: readonly (number | null)[] }
  | { readonly failed: readonly string[] }
  | ConnectTimes
