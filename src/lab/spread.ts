import { loadPlane } from '../dataplane/registry.ts'
import type { Capabilities, PlaneName } from '../dataplane/plane.ts'
import { familyVerdicts, type SkewTest } from '../inspect/statistics/index.ts'
import type { SchedulerName } from '../model/frontend.ts'
import { serviceKey } from '../model/objects.ts'
import { type Agents, startAgents } from './agents.ts'
import { allocate } from './controller/allocate.ts'
import type { LabService } from './controller/service.ts'
import { balancerNodes, dialsOf, planLab } from './dials.ts'
import { keepForPlay } from './play.ts'
import { type Lab, openLab } from './lab.ts'
import { measure } from './measure.ts'
import type { RunReport, Skipped } from './report.ts'
import { isPerClient, reportOf, runFaults, type ScenarioOptions, type ScenarioResult } from './scenario.ts'
import { runnablePlanes } from './variant.ts'

/** The scenarios `even` and `app`: one run for each plane, scheduler and Service. */

interface Judged {
  readonly run: RunReport
  readonly test: SkewTest
}

export const runSpread = async (options: ScenarioOptions): Promise<ScenarioResult> => {
  const { run: planes, skipped: without } = await runnablePlanes(options.planes)
  const skipped: Skipped[] = [...without]
  const { services, notes } = allocate(options.application.services)
  for (const note of notes) options.note(note)
  await using lab = await openLab({
    ...options,
    services,
    pods: options.application.pods,
    slices: options.application.slices,
  })
  const runs: Judged[] = []
  for (const plane of planes) {
    options.progress(`evenkeel run --plane ${plane} on ${lab.cluster.nodes.length} nodes`)
    await using agents = await startAgents(lab, plane)
    for (const scheduler of await schedulersOf(plane, options, skipped))
      runs.push(...(await runServices(lab, agents, scheduler, options, skipped)))
    if (options.keep && plane === planes.at(-1)) {
      await keepForPlay(lab, agents)
      break
    }
  }
  return judged(runs, skipped, options)
}

/** null: what each Service says. */
const schedulersOf = async (
  plane: PlaneName,
  { schedulers }: ScenarioOptions,
  skipped: Skipped[],
): Promise<readonly (SchedulerName | null)[]> => {
  if (schedulers === null) return [null]
  const { capabilities } = await loadPlane(plane)
  return schedulers.filter((scheduler) => {
    if (capabilities.schedulers.includes(scheduler)) return true
    skipped.push({ plane, scheduler, reason: `the plane has ${capabilities.schedulers.join(', ')}` })
    return false
  })
}

const runServices = async (
  lab: Lab,
  agents: Agents,
  scheduler: SchedulerName | null,
  options: ScenarioOptions,
  skipped: Skipped[],
): Promise<readonly Judged[]> => {
  const { plane } = agents
  await lab.publish({ annotations: scheduler === null ? {} : { 'evenkeel.io/scheduler': scheduler } })
  await agents.inSync(options.signal)
  const plan = planLab(lab.control)
  const { capabilities } = await loadPlane(plane)
  const runs: Judged[] = []
  for (const service of lab.control.services) {
    const key = serviceKey(service)
    await lab.routeBalancers(balancerNodes(plan, service))
    const name = scheduler ?? schedulerOf(service, capabilities)
    const dials = dialsOf(plan, service, lab.sources, name)
    if (dials.length === 0) {
      if (!skipped.some((one) => one.service === key)) skipped.push({ service: key, reason: whyNotDialled(service) })
      continue
    }
    const what = `${key} on ${plane} by ${name}`
    const { measured, test } = await measure(lab, {
      ...options,
      service,
      dials,
      progress: (done) => options.progress(`${what}: ${done}/${options.connections} connections`),
    })
    const perClient = isPerClient(name, service) ? ({ perClient: true } as const) : {}
    runs.push({ run: { plane, scheduler: name, ...perClient, ...measured, verdict: test.verdict }, test })
  }
  return runs
}

/** As its annotation asks, where the plane can. */
const schedulerOf = ({ annotations }: LabService, { schedulers, defaultScheduler }: Capabilities): SchedulerName =>
  schedulers.find((one) => one === annotations['evenkeel.io/scheduler']) ?? defaultScheduler

const whyNotDialled = (service: LabService): string => {
  if (service.type === 'ExternalName') return 'ExternalName: a name and no address'
  if (service.headless) return 'headless: clients dial the pods themselves'
  if (service.ports.every(({ protocol }) => protocol === 'SCTP')) return 'SCTP: Node has no sockets for it'
  return 'no ready endpoint that anybody may reach'
}

/** The verdicts of all runs together, then what is wrong. */
const judged = (runs: readonly Judged[], skipped: readonly Skipped[], options: ScenarioOptions): ScenarioResult => {
  const verdicts = familyVerdicts(
    runs.map(({ test }) => test),
    options.level,
  )
  const reports = runs.map(({ run }, i): RunReport => ({ ...run, verdict: verdicts[i] ?? run.verdict }))
  return { report: reportOf(options, reports, skipped), faults: reports.flatMap(runFaults) }
}
