import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import type { Api } from './api.ts'

export interface PopulateOptions {
  /** requests at a time, default 32 */
  readonly concurrency?: number
  /** told after every 1,000 objects */
  readonly progress?: (made: number) => void
}

/** Makes the objects, many at a time and in no order. Answers how many. Stops at the first that is refused and throws why. */
export const populate = async (
  api: Api,
  objects: Iterable<RawObject>,
  options: PopulateOptions = {},
): Promise<number> => {
  const { concurrency = 32, progress } = options
  let made = 0
  await eachOf(objects, concurrency, async (object) => {
    await api.call('POST', collectionOf(object), object)
    if (++made % 1_000 === 0) progress?.(made)
  })
  return made
}

/** `run` over all items, at most `limit` at a time. After a failure nothing more begins; throws the first when all have ended. */
export const eachOf = async <T>(items: Iterable<T>, limit: number, run: (item: T) => Promise<void>): Promise<void> => {
  const failures: unknown[] = []
  const rest = items[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (let next = rest.next(); !next.done && failures.length === 0; next = rest.next()) {
      try {
        await run(next.value)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
  if (failures.length > 0) throw failures[0]
}

/** The path of an object's collection, for kinds that proxies read. Throws RangeError for others. */
const collectionOf = (object: RawObject): string => {
  const { apiVersion, kind } = object as { apiVersion?: string; kind?: string }
  const collection = collections[`${apiVersion} ${kind}`]
  if (collection === undefined) throw new RangeError(`no path is known for ${apiVersion} ${kind}`)
  const { namespace } = object['metadata'] as { namespace?: string }
  return namespace === undefined
    ? `${collection.root}/${collection.name}`
    : `${collection.root}/namespaces/${namespace}/${collection.name}`
}

export const pathOf = (object: RawObject): string =>
  `${collectionOf(object)}/${(object['metadata'] as { name: string }).name}`

const collections: Readonly<Record<string, { readonly root: string; readonly name: string }>> = {
  'v1 Namespace': { root: '/api/v1', name: 'namespaces' },
  'v1 Node': { root: '/api/v1', name: 'nodes' },
  'v1 Service': { root: '/api/v1', name: 'services' },
  'discovery.k8s.io/v1 EndpointSlice': { root: '/apis/discovery.k8s.io/v1', name: 'endpointslices' },
  'networking.k8s.io/v1 ServiceCIDR': { root: '/apis/networking.k8s.io/v1', name: 'servicecidrs' },
}
