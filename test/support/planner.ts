import type { NodeView } from '../../src/model/node-view.ts'
import type { EndpointSlice, Service } from '../../src/model/objects.ts'
import type { SnapshotChange } from '../../src/model/snapshot.ts'
import { Planner, type PlanChange } from '../../src/routing/planner.ts'
import { Store } from '../../src/sources/store.ts'
import { nodeOne } from './services.ts'

/** A store and a planner that follows it, as the agent has them. */
export const follow = (node: NodeView = nodeOne) => {
  const store = new Store()
  const planner = new Planner(node)
  const changes: PlanChange[] = []
  let onChange: (change: SnapshotChange) => void = () => {}
  store.subscribe((change) => onChange(change))
  return {
    store,
    planner,
    put: (value: Service) => store.put({ kind: 'Service', value }),
    putSlice: (value: EndpointSlice) => store.put({ kind: 'EndpointSlice', value }),
    remove: (id: string) => store.remove(id),
    /** plans what is there and follows from now on */
    start(): PlanChange {
      const first = planner.sync(store.snapshot)
      onChange = (change) => void changes.push(planner.update(store.snapshot, change))
      return first
    },
    last(): PlanChange {
      const change = changes.pop()
      if (change === undefined) throw new Error('nothing was planned')
      return change
    },
  }
}
