import { exponential, forever } from '../../../simulate/defaults.ts'
import type { ClientGroup, Duration, Policy } from '../../../simulate/model.ts'
import type { Lifetime } from '../../sessions/lifetime.ts'

/** How the clients of a scale-up reconnect. */
export interface Reconnecting {
  readonly name: string
  readonly claimed: string
  readonly lifetime: Lifetime
  readonly requestsPerSecond: number
  /** the same in the simulator's words */
  readonly simulated: {
    readonly life: Duration
    readonly policy: Partial<Policy>
    readonly clients: Partial<ClientGroup>
  }
}

/** of all: connections live so long, on average; seconds here stand for minutes */
export const meanLife = 8

export const sampleSeconds = 0.5
export const watchedSeconds = 3 * meanLife

const jitter = 0.1
const requestsPerSecond = 2

export const variants: readonly Reconnecting[] = [
  {
    name: 'no reconnects',
    claimed: 'without churn the new pods stay idle',
    lifetime: { kind: 'forever' },
    requestsPerSecond: 0,
    simulated: { life: forever, policy: {}, clients: {} },
  },
  {
    name: `reconnect after ${meanLife} s, memoryless`,
    claimed: 'the new pods have 1 − e^(−t/T) of their share: 63 % after T, 95 % after 3T',
    lifetime: { kind: 'exponential', seconds: meanLife },
    requestsPerSecond: 0,
    simulated: { life: exponential(meanLife), policy: {}, clients: {} },
  },
  {
    name: `reconnect after ${meanLife * requestsPerSecond} requests`,
    claimed: 'the new pods have t·r/N of their share, all of it after N requests',
    lifetime: { kind: 'requests', count: meanLife * requestsPerSecond },
    requestsPerSecond,
    simulated: {
      life: forever,
      policy: { maxRequests: meanLife * requestsPerSecond },
      clients: {
        requests: {
          perSecond: requestsPerSecond,
          perConnection: 0,
          spacing: 'steady',
          bytes: 1,
          duration: exponential(0.01),
        },
      },
    },
  },
  {
    name: `maximum age ${meanLife} s ± ${100 * jitter} %`,
    claimed: 'the new pods have t/T of their share, all of it after the greatest age',
    lifetime: { kind: 'max-age', seconds: meanLife, jitter },
    requestsPerSecond: 0,
    simulated: { life: forever, policy: { maxAgeSeconds: meanLife, maxAgeJitter: jitter }, clients: {} },
  },
]
