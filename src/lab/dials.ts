import { familyOf } from '../model/address.ts'
import type { Frontend, SchedulerName } from '../model/frontend.ts'
import type { NodeView } from '../model/node-view.ts'
import { serviceKey } from '../model/objects.ts'
import { decide, type Frontends } from '../routing/decide.ts'
import { nodeView, type NodeSettings, plainSettings } from '../routing/node-view.ts'
import { planService } from '../routing/plan.ts'
import { parseObject } from '../sources/objects.ts'
import { Store } from '../sources/store.ts'
import { families, ranges } from './cluster.ts'
import { type ControlState, manifests } from './controller/publish.ts'
import type { LabService, LabServicePort } from './controller/service.ts'
import type { Source } from './sources.ts'
import type { Target } from './traffic-protocol.ts'

/** One way to a Service: from a source to one of its addresses. Who may answer, and how often, is the oracle's word. */
export interface Dial {
  readonly source: Source
  readonly target: Target
  readonly via: 'ClusterIP' | 'NodePort' | 'LoadBalancer'
  /** the node where it is translated */
  readonly node: string
  /** `namespace/pod` → share; the shares sum to 1 */
  readonly shares: ReadonlyMap<string, number>
}

/** What every node plans for the manifests, by node name. */
export interface LabPlan {
  readonly nodes: ReadonlyMap<string, { readonly view: NodeView; readonly frontends: Frontends }>
}

/** What the agents' configuration says too (agents.ts). */
const settingsOf = (nodeName: string): NodeSettings => ({
  ...plainSettings,
  nodeName,
  clusterCIDRs: families.map((family) => ranges.clusterCIDRs[family]),
})

export const planLab = (control: ControlState): LabPlan => {
  const store = new Store()
  for (const [file, objects] of manifests(control))
    for (const raw of objects) {
      const { object, problems } = parseObject(raw, () => file)
      const [problem] = problems
      if (problem) throw new Error(`${file}: ${problem.object}: ${problem.field} ${problem.message}`)
      if (object) store.put(object)
    }
  const { snapshot } = store
  return {
    nodes: new Map(
      control.nodes.map(({ name }) => {
        const view = nodeView(settingsOf(name), snapshot)
        const frontends = new Map<string, Frontend>()
        for (const service of snapshot.services())
          for (const frontend of planService(service, snapshot.slicesOf(serviceKey(service)), view).frontends)
            if (!frontends.has(frontend.key)) frontends.set(frontend.key, frontend)
        return [name, { view, frontends }]
      }),
    ),
  }
}

/** Every way to the Service that the plan lets through: from pods and nodes by all of its addresses, from outside by NodePorts and balancers. */
export const dialsOf = (
  plan: LabPlan,
  service: LabService,
  sources: readonly Source[],
  scheduler: SchedulerName,
): readonly Dial[] =>
  sources.flatMap((source) =>
    service.ports.flatMap((port) =>
      waysIn(plan, service, port, source).flatMap(({ node, address, dialled, via }) => {
        // no sockets for it here
        if (port.protocol === 'SCTP') return []
        const target: Target = { address, port: dialled, protocol: port.protocol }
        const shares = sharesOf(plan, node, { source, target, scheduler })
        return shares === null ? [] : [{ source, target, via, node, shares }]
      }),
    ),
  )

interface Way {
  readonly node: string
  readonly address: string
  readonly dialled: number
  readonly via: Dial['via']
}

const waysIn = (plan: LabPlan, service: LabService, port: LabServicePort, source: Source): readonly Way[] => {
  const entries = source.kind === 'client' ? [...plan.nodes.keys()] : [source.node]
  const nodePorts = service.ipFamilies.flatMap((family) =>
    entries.flatMap((node): Way[] => {
      const address = plan.nodes.get(node)?.view.addresses.find((one) => familyOf(one) === family)
      return port.nodePort === 0 || address === undefined
        ? []
        : [{ node, address, dialled: port.nodePort, via: 'NodePort' }]
    }),
  )
  if (source.kind !== 'client') {
    const inside = (address: string, via: Dial['via']): Way => ({ node: source.node, address, dialled: port.port, via })
    return [
      ...service.clusterIPs.map((address) => inside(address, 'ClusterIP')),
      ...service.balancers.map((address) => inside(address, 'LoadBalancer')),
      ...nodePorts,
    ]
  }
  const balanced = [...balancerNodes(plan, service)].map(
    ([address, node]): Way => ({ node, address, dialled: port.port, via: 'LoadBalancer' }),
  )
  return [...balanced, ...nodePorts]
}

/** Which node the balancer sends an address to: one that takes the traffic (it has a local endpoint where the policy is Local). */
export const balancerNodes = (plan: LabPlan, service: LabService): ReadonlyMap<string, string> =>
  new Map(
    service.balancers.flatMap((address) => {
      const [port] = service.ports
      const from = ranges.client[familyOf(address)]
      const node = [...plan.nodes].find(([, { view, frontends }]) => {
        const packet = { from, to: address, port: port?.port ?? 0, protocol: port?.protocol ?? 'TCP' }
        return decide(frontends, packet, view).verdict === 'dnat'
      })
      return node === undefined ? [] : [[address, node[0]] as const]
    }),
  )

/** null: the plan refuses it. */
const sharesOf = (
  plan: LabPlan,
  node: string,
  {
    source,
    target,
    scheduler,
  }: { readonly source: Source; readonly target: Target; readonly scheduler: SchedulerName },
): ReadonlyMap<string, number> | null => {
  const at = plan.nodes.get(node)
  if (at === undefined) return null
  const from = sourceAddress(source, target.address)
  const { verdict, backends } = decide(at.frontends, { from, to: target.address, ...portOf(target) }, at.view)
  if (verdict !== 'dnat') return null
  const weightOf = (weight: number): number => (isHash(scheduler) ? 1 : weight)
  const total = backends.reduce((sum, { weight }) => sum + weightOf(weight), 0)
  const shares = new Map<string, number>()
  for (const { backend, weight } of backends)
    shares.set(backend.pod, (shares.get(backend.pod) ?? 0) + weightOf(weight) / total)
  return shares
}

/** All schedulers but the hashes honour weights. */
const isHash = (scheduler: SchedulerName): boolean => ['sh', 'dh', 'maglev'].includes(scheduler)

const portOf = ({ port, protocol }: Target): Pick<Target, 'port' | 'protocol'> => ({ port, protocol })

const sourceAddress = (source: Source, to: string): string => source.addresses[familyOf(to)]
