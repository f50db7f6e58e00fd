import { maxOverMean } from '../../../inspect/statistics/index.ts'
import { clientsOf, fixed, policyOf, scenarioOf } from '../../../simulate/defaults.ts'
import type { Policy, Scenario } from '../../../simulate/model.ts'
import type { LabPod } from '../../cluster.ts'
import { clientSources } from '../lane-clients.ts'
import { simulatedNodes, simulatedPods } from '../lane-scenario.ts'
import { simulatedRows, withOtherAddresses } from '../predict.ts'
import type { FigureTable } from '../report.ts'
import type { Stage } from '../side-by-side.ts'
import type { LifeVariant } from './variants.ts'

/** The clients of a run. */
export interface Crowd {
  readonly servers: readonly LabPod[]
  /** from each client pod */
  readonly connections: number
  /** that each address opens */
  readonly perAddress: number
  /** in which they are opened */
  readonly seconds: number
}

/** Every client opens one connection at some moment, and none after it. */
const scenarioOfLives = (
  stage: Pick<Stage, 'lab'>,
  { life }: LifeVariant,
  { servers, connections, perAddress, seconds }: Crowd,
  policy: Policy,
): Scenario =>
  scenarioOf({
    name: 'long-lived-rr',
    // when the last short one has gone
    seconds: seconds + 1,
    sampleSeconds: seconds + 1,
    nodes: simulatedNodes(stage),
    pods: simulatedPods(stage, servers),
    clients: clientSources(stage).map(({ name }, node) =>
      clientsOf(
        name,
        connections,
        [node],
        { kind: 'pool', connections: 1, life, reconnect: fixed(1000 * seconds) },
        { clientsPerAddress: perAddress, startsAt: 0, startSpreadSeconds: seconds },
      ),
    ),
    policy,
  })

/** Opened of each server, then those that stayed. */
export const livesRows = (
  stage: Pick<Stage, 'lab' | 'signal'>,
  variant: LifeVariant,
  crowd: Crowd,
  { policy, seed }: { readonly policy: Policy; readonly seed: string },
): Promise<readonly (readonly number[])[]> =>
  simulatedRows(
    withOtherAddresses(scenarioOfLives(stage, variant, crowd, policy), seed),
    { seed, signal: stage.signal },
    ({ totals }) => [...totals.opened, ...totals.open],
  )

/** What the kernel has no scheduler for stands beside the others here, in the simulator alone. */
const compared: readonly Policy[] = [
  policyOf('nft-rr', { name: 'rr' }),
  policyOf('nft-random', { name: 'random' }),
  policyOf('nft-sh', { name: 'sh' }),
  policyOf('ipvs-lc', { name: 'lc, each node counts its own' }),
  policyOf('lc', { name: 'lc, counted together', counts: 'shared' }),
]

const comparedRuns = 400

/** The busiest pod over the mean, of the connections that stay. */
export const comparison = async (
  stage: Pick<Stage, 'lab' | 'signal'>,
  variants: readonly LifeVariant[],
  crowd: Crowd,
  seed: string,
): Promise<FigureTable> => {
  const cases = variants.flatMap((variant) => compared.map((policy) => ({ variant, policy })))
  return {
    title: `simulated: the busiest pod over the mean, of the connections that stay (${comparedRuns} runs each, 95 % of them between LOW and HIGH)`,
    header: ['SCHEDULER', 'LIVES', 'LOW', 'MEDIAN', 'HIGH'],
    rows: await Promise.all(
      cases.map(async ({ variant, policy }) => {
        const rows = await simulatedRows(
          withOtherAddresses(scenarioOfLives(stage, variant, crowd, policy), seed),
          { seed, signal: stage.signal, runs: comparedRuns },
          ({ totals }) => [maxOverMean([...totals.open])],
        )
        const ratios = rows.map(([ratio = 0]) => ratio).toSorted((a, b) => a - b)
        const at = (share: number): number => ratios[Math.floor(share * (ratios.length - 1))] ?? 0
        return [policy.name, variant.name, at(0.025), at(0.5), at(0.975)]
      }),
    ),
  }
}
