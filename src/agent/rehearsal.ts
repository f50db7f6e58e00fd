import type { Driver, PlaneName, PlaneObject } from '../dataplane/plane.ts'
import { Reconciler } from '../dataplane/reconciler/reconciler.ts'
import { loadPlane } from '../dataplane/registry.ts'
import type { NodeView } from '../model/node-view.ts'
import type { Family } from '../model/objects.ts'
import type { SnapshotChange } from '../model/snapshot.ts'
import { Planner } from '../routing/planner.ts'
import { parseObject } from '../sources/objects.ts'
import { Store } from '../sources/store.ts'
import { systemClock } from '../util/clock.ts'
import { silent } from '../util/log.ts'

/**
 * Plans and compiles a Service that does not exist for a kernel that is not there, and forgets it. To an agent that serves nothing yet the
 * first Service is code that never ran: V8 compiles a function when it is first called, which takes 15–50 ms in all where the next
 * Service takes 1.5. An agent beside kube-proxy begins like that, and kube-proxy, which hears of the Service's move at the same moment,
 * takes its own rules away within 40 ms. Costs as much once; touches nothing. Answers how many frontends were made.
 */
export const rehearse = async (plane: PlaneName, node: NodeView): Promise<number> => {
  const store = new Store()
  const planner = new Planner(node)
  planner.sync(store.snapshot)
  await using reconciler = new Reconciler({
    plane: await loadPlane(plane),
    driver: nowhere,
    node,
    clock: systemClock,
    log: silent,
    random: () => 0,
  })
  reconciler.sourcesComplete()
  using _ = following(store, (change) => reconciler.update(planner.update(store.snapshot, change, node).frontends))
  for (const raw of madeUp(node)) {
    const { object } = parseObject(raw, () => 'rehearsal', store.intern)
    if (object) store.put(object)
  }
  await reconciler.settled()
  return planner.frontends.size
}

const following = (store: Store, listener: (change: SnapshotChange) => void): Disposable => ({
  [Symbol.dispose]: store.subscribe(listener),
})

/** A kernel that takes everything and holds nothing. */
const nowhere: Driver<PlaneObject> = {
  observe: async () => ({ frontends: new Map(), other: [] }),
  apply: async () => {},
  counters: () => Promise.reject(new Error('there is nothing to count')),
  owned: async () => [],
  remove: async () => {},
  onForeignChange: () => {},
  [Symbol.asyncDispose]: async () => {},
}

/** For documentation: RFC 5737, RFC 3849. */
const network: { readonly [F in Family]: string } = { IPv4: '192.0.2.', IPv6: '2001:db8::' }

/** Endpoints first, as they are there when a Service changes hands. */
const madeUp = ({ proxyName, families: [family = 'IPv4'] }: NodeView): readonly object[] => {
  const ports = [
    { name: 'tcp', protocol: 'TCP', port: 80 },
    { name: 'udp', protocol: 'UDP', port: 53 },
  ]
  const metadata = { namespace: 'evenkeel', name: 'rehearsal' }
  const labels = proxyName === '' ? {} : { 'service.kubernetes.io/service-proxy-name': proxyName }
  const conditions = { ready: true, serving: true, terminating: false }
  const endpoints = [1, 2, 3].map((n) => ({ addresses: [network[family] + n], conditions }))
  const clusterIP = `${network[family]}100`
  return [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'rehearsal' } },
      addressType: family,
      endpoints,
      ports,
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, labels },
      spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ipFamilies: [family], ports },
    },
  ]
}
