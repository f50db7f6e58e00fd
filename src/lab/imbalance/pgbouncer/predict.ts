import {
  clientsOf,
  defaultTemplate,
  fixed,
  forever,
  nodesOf,
  policyOf,
  scenarioOf,
} from '../../../simulate/defaults.ts'
import type { Scenario } from '../../../simulate/model.ts'
import { normalOf, uniformOf } from '../../../simulate/random.ts'
import { seededRandom } from '../../../util/random.ts'
import type { Trial } from '../trials.ts'
import { type Simulated, simulatedRows, simulatedScheduler } from '../predict.ts'
import type { Load } from './bench.ts'
import { type CostModel, costShares, drawLaw } from './cost.ts'
import type { Bench } from './measure.ts'

/** The same loads on the same pods: each application keeps its connections for ever. */
export const scenarioOfLoads = (
  { lab, bouncers }: Bench,
  loads: readonly Load[],
  { plane, scheduler }: Pick<Trial, 'plane' | 'scheduler'>,
): Scenario => {
  const nodeOf = (name: string): number => lab.cluster.nodes.findIndex((node) => node.name === name)
  return scenarioOf({
    name: 'pgbouncer',
    seconds: 1,
    sampleSeconds: 1,
    nodes: nodesOf(lab.cluster.nodes.length),
    pods: bouncers.map(({ pod }) => ({
      ...defaultTemplate,
      name: pod.name,
      node: nodeOf(pod.node),
      address: pod.addresses.IPv4,
      startsAt: Number.NEGATIVE_INFINITY,
    })),
    clients: loads.map(({ from, connections }) =>
      clientsOf(
        from.name,
        1,
        [nodeOf(from.node)],
        { kind: 'pool', connections, life: forever, reconnect: fixed(1) },
        { address: from.addresses.IPv4 },
      ),
    ),
    policy: policyOf(simulatedScheduler(plane, scheduler)),
  })
}

/**
 * Connections of each pod, then its CPU: its part of `totalMillicores` by what connections cost here, with the meter's noise, each as well as it is
 * known.
 */
export const predictedRows = async (
  scenario: Scenario,
  { seed, signal }: Simulated,
  { cost, totalMillicores }: { readonly cost: CostModel; readonly totalMillicores: number },
): Promise<readonly (readonly number[])[]> => {
  const normal = normalOf(uniformOf(seededRandom(`meter ${seed}`)))
  return simulatedRows(scenario, { seed, signal }, ({ totals }) => {
    const counts = [...totals.open]
    return [...counts, ...costShares(counts, drawLaw(cost, normal), normal).map((share) => share * totalMillicores)]
  })
}
