import type { Capabilities, PlaneName } from '../../dataplane/plane.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import { Faults } from '../../sources/faults.ts'
import type { Raw } from '../../sources/fields.ts'
import type { Agents } from '../agents.ts'
import type { PodSpec } from '../cluster.ts'
import { allocate } from '../controller/allocate.ts'
import { type LabService, readLabService } from '../controller/service.ts'
import type { Lab } from '../lab.ts'
import { randomBelow, seededRandom } from '../../util/random.ts'
import type { Skipped } from '../report.ts'
import { runnablePlanes } from '../variant.ts'
import type { ImbalanceOptions } from './scenario.ts'
import { agentsOf, casesOf, labOf, unlessAborted } from './trials.ts'

/**
 * Many trials at once: each scheduler with each variant is a Service of its own, which leads to a port of its own in the same pods. All see the
 * same pods come and go, none sees another's connections, and the pods count them apart.
 */

/** A variant of a scenario, alike for every scheduler. */
export interface LaneVariant {
  /** null: the only one */
  readonly name: string | null
  readonly selector: Readonly<Record<string, string>>
  /** of the Service, besides its selector and port */
  readonly spec?: Raw
  /** with no others; absent: with each */
  readonly schedulers?: readonly SchedulerName[]
}

/** One Service. */
export interface Lane {
  readonly scheduler: SchedulerName
  readonly variant: LaneVariant
  readonly service: LabService
  /** in its pods */
  readonly podPort: number
}

export interface StagePlan {
  readonly scenario: string
  readonly nodes: number
  /** a port for each lane that selects them is added */
  readonly pods: readonly PodSpec[]
  readonly schedulers: readonly SchedulerName[]
  readonly variants: readonly LaneVariant[]
}

/** A running cluster with agents in sync, all of one plane. */
export interface Stage {
  readonly lab: Lab
  readonly agents: Agents
  readonly plane: PlaneName
  readonly capabilities: Capabilities
  readonly lanes: readonly Lane[]
  /** 1, 2, … */
  readonly repetition: number
  readonly seed: string
  readonly signal: AbortSignal
  readonly progress: (text: string) => void
}

const firstPort = 8000
const namespace = 'default'

/** The selector's labels and all ports: what a pod of the lanes is. */
export const podOfLanes = (
  name: string,
  labels: Readonly<Record<string, string>>,
  lanes: readonly Pick<Lane, 'podPort'>[],
  node?: string,
): PodSpec => ({
  namespace,
  name,
  labels,
  ports: lanes.map(({ podPort }) => ({ name: '', protocol: 'TCP', port: podPort })),
  ...(node !== undefined && { node }),
})

/** A pod that only opens connections: no Service selects it. The first on each node is a source of traffic. */
export const clientPods = (nodes: number): readonly PodSpec[] =>
  Array.from({ length: nodes }, (_, i) => podOfLanes(`client-${i}`, { app: 'client' }, [], `node-${i}`))

/**
 * Each plane that runs here gets a lab of its own for each repetition, with a lane for every scheduler that it has and every variant. Throws as
 * `runTrials`; the labs are gone by then.
 */
export const runSideBySide = async <T>(
  options: ImbalanceOptions,
  plan: StagePlan,
  run: (stage: Stage) => Promise<readonly T[]>,
): Promise<{ readonly results: readonly T[]; readonly skipped: readonly Skipped[] }> => {
  const planes = await runnablePlanes(options.planes)
  const { cases, skipped } = await casesOf(planes.run, options.schedulers ?? plan.schedulers)
  const results: T[] = []
  for (const [plane, own] of Map.groupBy(cases, (one) => one.plane)) {
    const capabilities = own[0]?.capabilities
    if (capabilities === undefined) continue
    for (let repetition = 1; repetition <= options.repeat; repetition++) {
      const seed = `${plan.scenario} ${options.seed} ${plane} ${repetition}`
      const lanes = lanesOf(
        own.map(({ scheduler }) => scheduler),
        plan.variants,
        seed,
      )
      results.push(...(await onStage(options, { ...plan, plane, capabilities, lanes, repetition, seed }, run)))
    }
  }
  return { results, skipped: [...planes.skipped, ...skipped] }
}

const onStage = async <T>(
  options: ImbalanceOptions,
  {
    scenario,
    nodes,
    pods,
    plane,
    capabilities,
    lanes,
    repetition,
    seed,
  }: StagePlan & Pick<Stage, 'plane' | 'capabilities' | 'lanes' | 'repetition' | 'seed'>,
  run: (stage: Stage) => Promise<readonly T[]>,
): Promise<readonly T[]> => {
  const { signal } = options
  const progress = (text: string): void =>
    options.progress(
      `${scenario} on ${plane}${options.repeat > 1 ? ` (${repetition}/${options.repeat})` : ''}: ${text}`,
    )
  const served = pods.map((pod) => {
    const own = lanes.filter(({ variant }) => matches(variant.selector, pod.labels))
    return { ...pod, ports: [...pod.ports, ...podOfLanes(pod.name, pod.labels, own).ports] }
  })
  await using lab = await labOf(
    { ...options, progress },
    { scenario, nodes, pods: served, services: lanes.map(({ service }) => service), schedulers: [] },
  )
  const agents = await agentsOf(lab, plane, options)
  await agents.inSync(signal)
  return await unlessAborted(
    run({ lab, agents, plane, capabilities, lanes, repetition, seed, signal, progress }),
    signal,
  )
}

const matches = (selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

/**
 * Services with their addresses and node ports, named `rr`, or `rr-1` where there are variants. A rotation begins where the Service's address has it
 * begin: that is drawn, or each repetition would be dealt the same.
 */
export const lanesOf = (
  schedulers: readonly SchedulerName[],
  variants: readonly LaneVariant[],
  seed: string,
): readonly Lane[] => {
  const network = 1 + randomBelow(seededRandom(`addresses of Services ${seed}`), 250)
  const drafts = schedulers.flatMap((scheduler) =>
    variants.flatMap((variant, i) =>
      variant.schedulers?.includes(scheduler) === false
        ? []
        : [{ scheduler, variant, name: variants.length > 1 ? `${scheduler}-${i}` : scheduler }],
    ),
  )
  const { services } = allocate(
    drafts.map((draft, i) => serviceOf({ ...draft, clusterIP: `10.96.${network}.${1 + i}` }, firstPort + i)),
  )
  return services.flatMap((service, i) => {
    const draft = drafts[i]
    return draft === undefined ? [] : [{ ...draft, service, podPort: firstPort + i }]
  })
}

const serviceOf = (
  {
    name,
    scheduler,
    variant,
    clusterIP,
  }: {
    readonly name: string
    readonly scheduler: SchedulerName
    readonly variant: LaneVariant
    readonly clusterIP: string
  },
  podPort: number,
): LabService => {
  const faults = new Faults()
  const service = readLabService(
    {
      metadata: { namespace, name, annotations: { 'evenkeel.io/scheduler': scheduler } },
      spec: { ...variant.spec, clusterIP, selector: variant.selector, ports: [{ port: 80, targetPort: podPort }] },
    },
    faults,
  )
  const [problem] = faults.problems(`Service ${name}`, () => '')
  if (problem !== undefined) throw new Error(`${problem.object}: ${problem.field} ${problem.message}`)
  return service
}
