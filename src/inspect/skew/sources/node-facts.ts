import type { ClusterNames } from '../../dumps/names.ts'
import type { ServiceFacts } from '../observation.ts'
import type { Connection } from './connections.ts'
import { byName } from './names.ts'
import type { NodeReading, ServiceOnNode } from './node-reading.ts'

/** What rules say of a Service that objects would say, too. */
export const factsOfRules = (
  serving: readonly ServiceOnNode[],
): Pick<ServiceFacts, 'scheduler' | 'affinity' | 'externalTrafficPolicy'> => {
  const schedulers = new Set(serving.map(({ scheduler }) => scheduler))
  const [scheduler] = schedulers
  return {
    ...(schedulers.size === 1 && scheduler ? { scheduler } : {}),
    ...(serving.some(({ affinity }) => affinity) ? { affinity: 'ClientIP' } : {}),
    ...(serving.some(keepsNodePortsLocal) ? { externalTrafficPolicy: 'Local' } : {}),
  }
}

/** A node port that leads to fewer backends than another frontend does. */
const keepsNodePortsLocal = ({ frontends }: ServiceOnNode): boolean => {
  const sizes = frontends.map(({ odds }) => odds.size)
  return frontends.some(({ frontend, odds }) => /^node6?:/.test(frontend) && odds.size < Math.max(...sizes))
}

/** Clients that are nodes: they stand for whomever they masquerade. */
export const sharedClients = (
  connections: readonly Connection[],
  nodes: readonly NodeReading[],
  names: ClusterNames,
): Pick<ServiceFacts, 'sharedAddresses'> => {
  const own = new Set(nodes.flatMap(({ addresses }) => [...addresses]))
  for (const { addresses } of names.nodes.values()) for (const address of addresses) own.add(address)
  const shared = new Set(connections.map(({ client }) => client).filter((client) => own.has(client)))
  return shared.size === 0 ? {} : { sharedAddresses: [...shared].sort(byName) }
}
