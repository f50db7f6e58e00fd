import { clientsOf, fixed, forever, policyOf, scenarioOf } from '../../../simulate/defaults.ts'
import type { LabPod } from '../../cluster.ts'
import { clientSources } from '../lane-clients.ts'
import { simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { simulatedRows, simulatedScheduler, withOtherAddresses } from '../predict.ts'
import type { Lane, Stage } from '../side-by-side.ts'
import type { Crowd } from './variants.ts'

/** longer than any run, as Kubernetes' default is */
const affinitySeconds = 10_800

/** Open connections of each server, in order; clients have addresses of their own, or one for each node. */
export const affinityRows = (
  stage: Stage,
  { scheduler, service }: Lane,
  {
    servers,
    crowd,
    affinity,
  }: { readonly servers: readonly LabPod[]; readonly crowd: Crowd; readonly affinity: boolean },
): Promise<readonly (readonly number[])[]> => {
  const { clients, perClient, nat } = crowd
  const scenario = scenarioOf({
    name: 'affinity',
    seconds: 1,
    sampleSeconds: 1,
    nodes: simulatedNodes(stage),
    pods: simulatedPods(stage, servers),
    clients: clientSources(stage).map(({ name }, node) =>
      clientsOf(
        name,
        clients,
        [node],
        { kind: 'pool', connections: perClient, life: forever, reconnect: fixed(1) },
        { clientsPerAddress: nat ? clients : 1 },
      ),
    ),
    policy: policyOf(simulatedScheduler(stage.plane, scheduler), {
      affinitySeconds: affinity ? affinitySeconds : null,
    }),
  })
  const seed = `${stage.seed} ${service.name}`
  return simulatedRows(withOtherAddresses(scenario, seed), { seed, signal: stage.signal }, ({ totals }) => [
    ...totals.open,
  ])
}
