import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import type { ChurnEvent } from './churn.ts'

/**
 * What befalls an API server's clients: `cut` breaks every connection, `end` closes the watches as after timeoutSeconds, `compact` does
 * so and forgets old versions (410), `refuse` and `open` begin and end an outage, `bookmark` tells where the watches are.
 */
export type Mishap = 'cut' | 'end' | 'compact' | 'refuse' | 'open' | 'bookmark'

export type ApiRequest =
  | { readonly ask: 'put'; readonly objects: readonly RawObject[] }
  /** `turn` marks the end of what was told */
  | { readonly ask: 'tell'; readonly events: readonly ChurnEvent[]; readonly turn: number }
  | { readonly ask: 'mishap'; readonly mishap: Mishap }
  | { readonly ask: 'url' }

export type ApiValue = null | string
