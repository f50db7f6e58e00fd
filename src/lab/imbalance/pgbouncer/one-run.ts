import type { Flow, Observation } from '../../../inspect/skew/observation.ts'
import { serviceKey } from '../../../model/objects.ts'
import { judging } from '../judging.ts'
import type { ImbalanceRun, Quantity } from '../report.ts'
import type { Trial } from '../trials.ts'
import { measuredSeconds } from './calibration.ts'
import { serviceLoads } from './cluster.ts'
import type { CostModel } from './cost.ts'
import { type Bench, type BouncerUse, measureLoads } from './measure.ts'
import { predictedRows, scenarioOfLoads } from './predict.ts'

export interface RunSettings {
  readonly connections: number
  readonly cost: CostModel
  /** as published, in millicores */
  readonly picture: readonly number[]
  readonly level: number
}

/** The applications connect through the Service; the PgBouncers say who came, the kernel what it cost. */
export const oneRun = async (trial: Trial, bench: Bench, settings: RunSettings): Promise<ImbalanceRun> => {
  const { connections, cost, picture, level } = settings
  const loads = serviceLoads(bench, connections)
  const uses = await measureLoads(bench, loads, measuredSeconds)
  const total = uses.reduce((sum, { millicores }) => sum + millicores, 0)
  const [service] = bench.lab.control.services
  const name = service === undefined ? '' : serviceKey(service)
  await using judge = judging(bench.signal)
  return await judge.run(
    {
      trial,
      service: name,
      claimed: `millicores of ${picture.join(', ')}: the lightest pod has ${lightest(picture)} of the mean`,
      connections,
      failures: 0,
      slowestMillis: 0,
      backends: uses.map(({ bouncer: { pod }, connections: open, queries, cpuMs }) => ({
        name: pod.name,
        node: pod.node,
        address: pod.addresses.IPv4,
        connections: open,
        requests: queries,
        cpuMillis: Math.round(cpuMs),
        expected: connections / uses.length,
      })),
      quantities: quantitiesOf(uses),
      simulated: await predictedRows(
        scenarioOfLoads(bench, loads, trial),
        { seed: trial.seed, signal: bench.signal },
        { cost, totalMillicores: total },
      ),
      observation: observationOf(name, trial, uses),
      facts: { ...factsOf(uses, picture), 'what connections cost here': costText(cost) },
      notes: [],
    },
    level,
  )
}

/** 0.66 */
export const lightest = (values: readonly number[]): string =>
  ((Math.min(...values) * values.length) / values.reduce((sum, value) => sum + value, 0)).toFixed(2)

const quantitiesOf = (uses: readonly BouncerUse[]): readonly Quantity[] => [
  ...uses.map(({ bouncer: { pod }, connections }) => ({ name: pod.name, unit: 'connections', value: connections })),
  ...uses.map(({ bouncer: { pod }, millicores }) => ({ name: pod.name, unit: 'millicores', value: millicores })),
]

/** As metrics-server rounds: up to whole millicores. */
const asTop = (millicores: number): number => Math.ceil(millicores)

/** CPU as `kubectl top` gives it to `evenkeel skew`, with the connections behind it. */
const observationOf = (service: string, { scheduler }: Trial, uses: readonly BouncerUse[]): Observation => ({
  service,
  unit: 'cpu',
  backends: uses.map(({ bouncer: { pod }, connections, millicores }) => ({
    name: pod.name,
    count: asTop(millicores),
    connections,
    address: pod.addresses.IPv4,
    node: pod.node,
  })),
  flows: uses.flatMap(({ bouncer: { pod }, clients, millicores }) =>
    clients.map(
      ({ address, connectedAt }): Flow => ({
        client: address,
        backend: pod.name,
        openedAt: connectedAt,
        closedAt: null,
        cpu: asTop(millicores) / clients.length,
        protocol: 'TCP',
      }),
    ),
  ),
  facts: { scheduler, affinity: 'None', at: Date.now() / 1000 },
})

const factsOf = (uses: readonly BouncerUse[], picture: readonly number[]): Record<string, string> => {
  const values = uses.map(({ millicores }) => millicores)
  const total = values.reduce((sum, value) => sum + value, 0)
  const scale = (picture.reduce((sum, value) => sum + value, 0) * uses.length) / (picture.length * total)
  return {
    'kubectl top pods': values.map((value) => `${asTop(value)}m`).join(' '),
    'with the mean of the picture': values.map((value) => `${Math.round(value * scale)}m`).join(' '),
    'the lightest pod, of the mean': lightest(values),
  }
}

const costText = ({ exponent, sigma, spread }: CostModel): string =>
  `CPU grows as connections^${exponent.toFixed(2)} (±${(sigma / Math.sqrt(spread)).toFixed(2)}), read to ±${(100 * sigma).toFixed(0)} %`
