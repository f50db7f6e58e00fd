import { isRaw, type Raw } from '../../sources/fields.ts'
import type { ApiClient } from '../../sources/kubernetes/client.ts'
import { ApiError } from '../../sources/kubernetes/errors.ts'
import { listOfOne } from '../../sources/kubernetes/list-of-one.ts'
import { type EventObject, eventOf, microTime } from './event.ts'
import type { Fact, Regarding } from './fact.ts'

export interface Teller {
  readonly client: Pick<ApiClient, 'json'>
  readonly node: string
  /** ms since the epoch */
  readonly wall: number
  readonly signal: AbortSignal
}

/** `created`, `counted`: it was there and has one more in its series; `recent`: somebody told it just now; `gone`: its object is. */
export type Told = 'created' | 'counted' | 'recent' | 'gone'

/** ms within which an Event is not counted again; well below the hour for which API servers keep Events */
export const REPEAT = 1_800_000
/** told by another node in the same turn, with another jitter */
const RECENT = 0.8 * REPEAT
const TIMEOUT = 10_000

/**
 * Makes one Event say that the fact holds. Needs `create` and `patch` only: an Event that is there is read by an empty patch, which the
 * API server answers with the object and does not write. Rejects with an ApiError.
 */
export const tell = async (fact: Fact, teller: Teller): Promise<Told> => {
  const uid = await uidOf(fact.regarding, teller)
  if (uid === null) return 'gone'
  const event = eventOf(fact, { uid, node: teller.node, wall: teller.wall })
  const created = await unless(409, ask(teller, 'POST', collectionOf(event), event))
  if (created !== null) return 'created'
  const there = await unless(404, patch(teller, event, {}))
  // it expired this very moment: the next turn makes it anew
  if (there === null) return 'recent'
  const { lastTold, count, resourceVersion } = seriesOf(there)
  if (teller.wall - lastTold < RECENT) return 'recent'
  const series = { count: count + 1, lastObservedTime: microTime(teller.wall) }
  const counted = await unless(409, patch(teller, event, { metadata: { resourceVersion }, series }))
  return counted === null ? 'recent' : 'counted'
}

const uidOf = async (regarding: Regarding, { client, signal }: Teller): Promise<string | null> => {
  const { kind } = regarding
  if (kind === 'Node') return regarding.name
  const found = await listOfOne(client, { ...regarding, kind }, signal)
  if (found === null) return null
  const metadata = found?.['metadata']
  const uid = isRaw(metadata) ? metadata['uid'] : undefined
  return typeof uid === 'string' ? uid : ''
}

const collectionOf = ({ metadata: { namespace } }: EventObject): string =>
  `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`

const patch = (teller: Teller, event: EventObject, body: object): Promise<unknown> =>
  ask(teller, 'PATCH', `${collectionOf(event)}/${event.metadata.name}`, body)

const ask = ({ client, signal }: Teller, method: 'POST' | 'PATCH', path: string, body: object): Promise<unknown> =>
  client.json({
    method,
    path,
    body,
    what: method === 'POST' ? 'create events' : 'patch events',
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
    signal,
    timeoutMs: TIMEOUT,
  })

/** null where the API server answers with this status */
const unless = async (status: number, asked: Promise<unknown>): Promise<Raw | null> => {
  try {
    const answer = await asked
    return isRaw(answer) ? answer : {}
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return null
    throw error
  }
}

/** An Event without a series was told once, when it was made. */
const seriesOf = (event: Raw): { lastTold: number; count: number; resourceVersion: unknown } => {
  const series: Raw = isRaw(event['series']) ? event['series'] : {}
  const metadata = isRaw(event['metadata']) ? event['metadata'] : {}
  const { lastObservedTime = event['eventTime'], count } = series
  return {
    lastTold: Date.parse(String(lastObservedTime)) || 0,
    count: typeof count === 'number' && count > 0 ? count : 1,
    resourceVersion: metadata['resourceVersion'],
  }
}
