import type { LoadBalancer } from '../../../simulate/model.ts'
import type { LabPod } from '../../cluster.ts'
import type { Lane, LaneVariant, Stage } from '../side-by-side.ts'
import type { Server } from './haproxy.ts'

/** The ways in which a load balancer reaches pods. */
export interface Way {
  readonly name: string
  readonly claimed: string
  readonly spec: NonNullable<LaneVariant['spec']>
  readonly simulated: Pick<LoadBalancer, 'mode' | 'externalTrafficPolicy'>
}

export const ways: readonly Way[] = [
  {
    name: 'instance mode, policy Cluster',
    claimed: 'even over pods; two connections in three make a second hop, and pods see nodes instead of the balancer',
    spec: { type: 'NodePort', externalTrafficPolicy: 'Cluster' },
    simulated: { mode: 'instance', externalTrafficPolicy: 'Cluster' },
  },
  {
    name: 'instance mode, policy Local',
    claimed:
      'even over nodes with pods, so a pod alone on its node gets as much as three on another; no second hop, the source is kept',
    // a balancer's health check asks each node whether it has pods
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
    simulated: { mode: 'instance', externalTrafficPolicy: 'Local' },
  },
  {
    name: 'IP mode',
    claimed:
      'even over pods as the balancer picks them; the Service’s rules are not asked, no second hop, the source is kept',
    spec: { type: 'ClusterIP' },
    simulated: { mode: 'ip', externalTrafficPolicy: 'Cluster' },
  },
]

export const wayOf = ({ variant }: Lane): Way => {
  const found = ways.find(({ name }) => name === variant.name)
  if (found === undefined) throw new Error(`no way ${variant.name}`)
  return found
}

/** What the balancer is given for a lane: pods in IP mode, else every node's port. */
export const serversOf = ({ lab }: Pick<Stage, 'lab'>, lane: Lane, pods: readonly LabPod[]): readonly Server[] => {
  if (wayOf(lane).simulated.mode === 'ip')
    return pods.map(({ name, addresses }) => ({ name, address: addresses.IPv4, port: lane.podPort, healthPort: null }))
  const { ports, healthCheckNodePort } = lane.service
  return lab.cluster.nodes.map(({ name, addresses }) => ({
    name,
    address: addresses.IPv4,
    port: ports[0]?.nodePort ?? 0,
    healthPort: healthCheckNodePort === 0 ? null : healthCheckNodePort,
  }))
}
