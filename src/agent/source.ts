import { openManifests } from '../sources/manifests.ts'
import type { InputProblem } from '../model/snapshot.ts'
import type { Store } from '../sources/store.ts'
import type { Log } from '../util/log.ts'
import type { SourceStatus } from './status.ts'

export interface RunningSource extends AsyncDisposable {
  /** everything was delivered once */
  readonly synced: Promise<void>
  status(): Omit<SourceStatus, 'synced'>
}

export interface SourceContext {
  readonly store: Store
  readonly log: Log
  /** everything that is wrong with the input now */
  readonly onProblems: (problems: readonly InputProblem[]) => void
  /** ends the start */
  readonly signal?: AbortSignal
}

/** A directory of manifests, followed until it is disposed. */
export const openManifestSource = (directory: string, context: SourceContext): RunningSource => {
  const { store, log, onProblems, signal } = context
  const stop = new AbortController()
  const end = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', end, { once: true })
  const manifests = openManifests(directory, store, { signal: stop.signal, log, onProblems })
  return {
    synced: manifests.synced,
    status: () => ({ name: `manifests:${directory}`, modified: manifests.modified() }),
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', end)
      stop.abort()
      await manifests.closed
    },
  }
}
