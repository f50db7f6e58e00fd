import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { ApiClient } from './client.ts'
import { ApiError } from './errors.ts'
import { connectionError, eventError } from './explain.ts'
import { LineSplitter } from './lines.ts'
import { selectorsOf } from './pages.ts'
import type { Resource } from './resources.ts'
import { readStream, StreamTimeout } from './stream.ts'
import { malformed, parseEvent, type WatchEvent } from './watch-events.ts'

export type Heard = Exclude<WatchEvent, { is: 'error' } | { is: 'unknown' }>

export interface WatchOptions {
  readonly client: ApiClient
  readonly resource: Resource
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly signal: AbortSignal
  /** begin after this version; of an initial watch: with everything there is, at least as new ('': the newest) */
  readonly version: string
  readonly initial: boolean
  /** the server has agreed */
  onOpen(): void
  /** `run` calls `onEvent` for all events of one turn */
  onBatch(run: () => void): void
  onEvent(event: Heard): void
}

/** ms of silence in which an API server that is there has sent two bookmarks, one each minute */
const quietLimit = 150_000
/** ms of silence while everything there is comes */
const initialQuietLimit = 30_000
/** ms until the head of the answer: some proxies hold it back until the first event, which may be a bookmark */
const headLimit = 90_000

/** Hears a resource change. Resolves when the server ends the watch, as it does every few minutes; rejects when it ends otherwise. */
export const watchResource = async (options: WatchOptions): Promise<void> => {
  const { client, resource, clock, signal } = options
  const seconds = 300 + Math.floor(options.random() * 300)
  const what = `watch of ${resource.name}`
  const place = { server: client.server, where: client.where, what }
  const { body } = await client.request({
    method: 'GET',
    path: watchPath(options, seconds),
    what,
    signal,
    timeoutMs: headLimit,
  })
  let waiting = options.initial
  const unknown = new Set<string>()
  const splitter = new LineSplitter((line) => {
    const event = parseEvent(line, resource)
    switch (event.is) {
      case 'error':
        throw eventError(event.raw, place)
      case 'unknown':
        if (unknown.size < 8 && !unknown.has(event.type))
          options.log.warn({ resource: resource.name, type: event.type }, 'an event of an unknown type is passed over')
        unknown.add(event.type)
        return
      case 'bookmark':
        if (event.complete) waiting = false
        break
      case 'put':
      case 'remove':
    }
    options.onEvent(event)
  })
  options.onOpen()
  await readStream(body, {
    onChunks: (chunks) => options.onBatch(() => chunks.forEach((chunk) => splitter.push(chunk))),
    quietMs: () => (waiting ? initialQuietLimit : quietLimit),
    deadlineMs: (seconds + 30) * 1000,
    clock,
  })
  if (waiting) throw new ApiError(`the ${what} ended before everything had come`, { reason: 'BrokeOff' })
}

const watchPath = ({ resource, version, initial }: WatchOptions, seconds: number): string => {
  const query = selectorsOf(resource)
  query.set('watch', '1')
  query.set('allowWatchBookmarks', 'true')
  query.set('timeoutSeconds', String(seconds))
  if (version !== '') query.set('resourceVersion', version)
  if (initial) {
    query.set('sendInitialEvents', 'true')
    query.set('resourceVersionMatch', 'NotOlderThan')
  }
  return `${resource.path}?${query.toString()}`
}

/** Whatever made a list or watch fail, as one line. */
export const describeFailure = (error: unknown, { server, where }: ApiClient, resource: Resource): ApiError => {
  if (error instanceof ApiError) return error
  if (error instanceof StreamTimeout)
    return new ApiError(`the API server ${server} is silent (${resource.name}: ${error.message}): asking it again`, {
      reason: 'Timeout',
      cause: error,
    })
  if (error instanceof RangeError) return malformed(resource, error.message)
  if (error instanceof SyntaxError) return malformed(resource, 'broken JSON')
  const failure = error instanceof Error ? error : new Error(String(error))
  return connectionError(failure, { server, where, what: resource.name })
}
