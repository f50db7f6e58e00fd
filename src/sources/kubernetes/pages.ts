import { isRaw } from '../fields.ts'
import type { Clock } from '../../util/clock.ts'
import type { ApiClient } from './client.ts'
import { ApiError } from './errors.ts'
import { isExpired } from './explain.ts'
import { ItemSplitter } from './list-items.ts'
import { readStream } from './stream.ts'
import type { Replacement } from './records.ts'
import type { Resource } from './resources.ts'
import { malformed, parseItem, versionOf } from './watch-events.ts'

export interface ListOptions {
  readonly client: ApiClient
  readonly resource: Resource
  /** '0': whatever the server has at hand; '': the newest; else at least as new as this */
  readonly version: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Objects a page, where the server does not serve all of them from its memory. */
const pageSize = 500
/** ms until the head of a page, without a byte of it, and for all of it */
const headLimit = 60_000
const quietLimit = 30_000
const pageDeadline = 600_000

/** Lists a resource page by page, each object as it comes, into what `begin` answers; with the version that it stands for. */
export const listResource = async (
  options: ListOptions,
  begin: () => Replacement,
): Promise<{ readonly replacement: Replacement; readonly version: string }> => {
  try {
    return await readPages(options, begin(), pageSize)
  } catch (error) {
    // the rest of the pages is no longer to be had: all in one
    if (options.version === '' && error instanceof ApiError && isExpired(error)) return readPages(options, begin(), 0)
    throw error
  }
}

const readPages = async (
  options: ListOptions,
  replacement: Replacement,
  limit: number,
): Promise<{ readonly replacement: Replacement; readonly version: string }> => {
  let next = ''
  let version = ''
  do {
    const page = await readPage(options, pageQuery(options, next, limit), replacement)
    version = page.version
    next = page.next
  } while (next !== '')
  return { replacement, version }
}

const pageQuery = ({ resource, version }: ListOptions, next: string, limit: number): string => {
  const query = selectorsOf(resource)
  if (limit > 0) query.set('limit', String(limit))
  if (next !== '') query.set('continue', next)
  else if (version !== '') {
    query.set('resourceVersion', version)
    if (version !== '0') query.set('resourceVersionMatch', 'NotOlderThan')
  }
  return `${resource.path}?${query.toString()}`
}

export const selectorsOf = ({ labelSelector, fieldSelector }: Resource): URLSearchParams => {
  const query = new URLSearchParams()
  if (labelSelector !== '') query.set('labelSelector', labelSelector)
  if (fieldSelector !== '') query.set('fieldSelector', fieldSelector)
  return query
}

const readPage = async (
  { client, resource, clock, signal }: ListOptions,
  path: string,
  replacement: Replacement,
): Promise<{ readonly version: string; readonly next: string }> => {
  const what = `list of ${resource.name}`
  const { body } = await client.request({ method: 'GET', path, what, signal, timeoutMs: headLimit })
  const splitter = new ItemSplitter((text) => replacement.put(parseItem(text, resource)))
  await readStream(body, {
    onChunks(chunks) {
      for (const chunk of chunks) splitter.push(chunk)
    },
    quietMs: () => quietLimit,
    deadlineMs: pageDeadline,
    clock,
  })
  const list = splitter.end()
  if (!isRaw(list) || list['kind'] !== `${resource.kind}List`) throw malformed(resource, 'something that is no list')
  const version = versionOf(list)
  if (version === '') throw malformed(resource, 'a list without a resourceVersion')
  const metadata = list['metadata']
  const next = isRaw(metadata) ? metadata['continue'] : ''
  return { version, next: typeof next === 'string' ? next : '' }
}
