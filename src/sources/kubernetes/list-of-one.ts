import { isRaw, type Raw } from '../fields.ts'
import type { ApiClient } from './client.ts'

/** What can be asked for by name: kinds of a namespace, by the path before it and after it. */
const collections = {
  Service: ['/api/v1', 'services'],
  EndpointSlice: ['/apis/discovery.k8s.io/v1', 'endpointslices'],
} as const

export type NamedKind = keyof typeof collections

export interface NamedObject {
  readonly kind: NamedKind
  readonly namespace: string
  readonly name: string
}

/**
 * The object as the API server has it now, null where there is none, undefined where the answer is no list. By a list of one: whoever may
 * watch may list, and need not `get`. Rejects with an ApiError.
 */
export const listOfOne = async (
  client: Pick<ApiClient, 'json'>,
  { kind, namespace, name }: NamedObject,
  signal?: AbortSignal,
): Promise<Raw | null | undefined> => {
  const [group, resource] = collections[kind]
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}`, limit: '1' })
  const path = `${group}/namespaces/${encodeURIComponent(namespace)}/${resource}?${query.toString()}`
  const found = await client.json({ method: 'GET', path, signal })
  const items: unknown = isRaw(found) ? found['items'] : undefined
  if (!Array.isArray(items)) return undefined
  const [first = null]: readonly unknown[] = items
  return first === null || isRaw(first) ? first : undefined
}
