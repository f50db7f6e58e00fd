import type { ApiClient, ClientOptions } from '../sources/kubernetes/client.ts'
import { openManifests } from '../sources/manifests.ts'
import type { OpenSource, Source } from '../sources/source.ts'
import type { SourceReport } from './status/status.ts'

/** Where `run` takes its objects from. */
export type SourceChoice =
  | { readonly kind: 'manifests'; readonly directory: string }
  | { readonly kind: 'kubernetes'; readonly client: ClientOptions }

export interface SourceScope {
  /** only this Node's object is read */
  readonly nodeName: string
  /** only the Services of this proxy are, '' the default one */
  readonly proxyName: string
  /** ms that a Service which leaves `proxyName` is still served, default 0 */
  readonly handover?: number
}

/** The modules of a source are loaded when it is opened. */
export const sourceOf = (choice: SourceChoice, scope: SourceScope): OpenSource => {
  switch (choice.kind) {
    case 'manifests':
      return async (store, context) => openManifests(choice.directory, store, context)
    case 'kubernetes':
      return async (store, context) => {
        const { openKubernetes } = await import('../sources/kubernetes/index.ts')
        return openKubernetes(store, { ...context, ...scope, client: choice.client })
      }
  }
}

/** The API server that a source reads from, null where it reads from none. */
export const clientOf = (source: Source): ApiClient | null => ('client' in source ? (source.client as ApiClient) : null)

export const sourceReport = (source: Source): SourceReport => {
  const { synced, stale, since, modified, problem } = source.status()
  return {
    name: source.name,
    synced,
    modified,
    stale,
    ...(stale ? { since } : {}),
    ...(problem === undefined ? {} : { problem }),
  }
}
