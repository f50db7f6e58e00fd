import { parseObject } from '../../src/sources/objects.ts'
import type { OpenSource, Source } from '../../src/sources/source.ts'
import type { Store } from '../../src/sources/store.ts'
import type { RawObject } from '../../src/dataplane/conformance-case.ts'
import type { ChurnEvent } from './churn.ts'

/** A source that is told what to say: what a watch would deliver, without the network. */
export interface FedSource {
  readonly open: OpenSource
  /** before it is opened: the first list */
  load(objects: readonly RawObject[]): void
  tell(events: readonly ChurnEvent[]): void
}

export const fedSource = (): FedSource => {
  let list: RawObject[] = []
  let fed: Store | null = null
  const apply = (store: Store, { type, object: raw }: ChurnEvent): void => {
    const { id, object, problems } = parseObject(raw, () => 'soak', store.intern)
    if (problems.length > 0) throw new Error(`the generator made ${JSON.stringify(problems)}`)
    if (type === 'remove') store.remove(id)
    else if (object) store.put(object)
  }
  return {
    open: async (store): Promise<Source> => {
      fed = store
      store.batch(() => list.forEach((object) => apply(store, { type: 'put', object })))
      list = []
      return {
        name: 'soak:churn',
        synced: Promise.resolve(),
        status: () => ({ synced: true, stale: false, since: 0, modified: 0 }),
        [Symbol.asyncDispose]: async () => {},
      }
    },
    load: (objects) => void list.push(...objects),
    // one by one, as a watch delivers them; the reconciler gathers what comes in one turn
    tell(events) {
      if (fed) for (const event of events) apply(fed, event)
    },
  }
}
