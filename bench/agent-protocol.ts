import type { RawObject } from '../src/dataplane/conformance/case.ts'
import type { Counters } from '../src/dataplane/plane.ts'
import type { Measured } from '../src/lab/scale/measured-agent.ts'

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

export interface Memory {
  readonly rssMiB: number
  readonly maxRssMiB: number
  /** of the JavaScript heap, garbage included */
  readonly heapMiB: number
}

export type AgentValue = null | Measured | Memory | Counters
