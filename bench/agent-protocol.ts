import type { RawObject } from '../src/dataplane/conformance-case.ts'
import type { Counters } from '../src/dataplane/plane.ts'
import type { Meter } from './meter.ts'

export type AgentRequest =
  | { readonly ask: 'load'; readonly objects: readonly RawObject[] }
  /** the first full sync */
  | { readonly ask: 'sync' }
  | { readonly ask: 'change'; readonly slice: RawObject }
  /** until nothing is left to do, removals of what lingers included */
  | { readonly ask: 'settle' }
  /** once, after the first sync, as `run` does */
  | { readonly ask: 'compact' }
  | { readonly ask: 'memory' }
  | { readonly ask: 'counters' }
  /** ends the agent; the kernel keeps what it has */
  | { readonly ask: 'stop' }

/** `ms`: from the event to the last acknowledgement; `writes`: operations sent, each element of a set counted */
export interface Measured extends Meter {
  readonly ms: number
  /** CPU time of the agent's process: netlink is worked off inside `send`, so the kernel's part is in `systemMs` */
  readonly userMs: number
  readonly systemMs: number
}

export interface Memory {
  readonly rssMiB: number
  readonly maxRssMiB: number
  /** of the JavaScript heap, garbage included */
  readonly heapMiB: number
}

export type AgentValue = null | Measured | Memory | Counters
