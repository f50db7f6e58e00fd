import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { PlaneName } from '../dataplane/plane.ts'
import type { SchedulerName } from '../model/frontend.ts'
import { startAgents } from './agents.ts'
import { netnsOf } from './cluster.ts'
import { allocate } from './controller/allocate.ts'
import { balancerNodes, planLab } from './dials.ts'
import { environment } from '../kernel/exec.ts'
import { inNetns } from './ip.ts'
import { openLab } from './lab.ts'
import { keepForPlay } from './play.ts'
import type { ScenarioOptions } from './scenario.ts'
import { type LabRecord, readLab, readLabs, removeLab, stateOf } from './state.ts'

/** Of a lab for play, unless another is given. */
export const usualName = 'lab'

/** A lab for play: stays until `downLab`. */
export interface UpOptions
  extends Pick<ScenarioOptions, 'id' | 'application' | 'nodes' | 'signal' | 'progress' | 'note'> {
  readonly plane: PlaneName
  /** null: each Service's own choice, or the plane's default */
  readonly scheduler: SchedulerName | null
}

/** Answers what can be tried. */
export const upLab = async (options: UpOptions): Promise<readonly string[]> => {
  const { services, notes } = allocate(options.application.services)
  for (const note of notes) options.note(note)
  const { pods, slices } = options.application
  await using lab = await openLab({ ...options, scenario: 'up', services, pods, slices })
  options.progress(`evenkeel run --plane ${options.plane} on ${lab.cluster.nodes.length} nodes`)
  await using agents = await startAgents(lab, options.plane)
  const { scheduler } = options
  if (scheduler !== null) await lab.publish({ annotations: { 'evenkeel.io/scheduler': scheduler } })
  await agents.inSync(options.signal)
  const plan = planLab(lab.control)
  for (const service of lab.control.services) await lab.routeBalancers(balancerNodes(plan, service))
  // awaited here: what is `using` goes when the function is left
  return await keepForPlay(lab, agents)
}

/** Throws when there is no such lab, or when somebody works on it. Answers its name. */
export const downLab = async (name: string | undefined): Promise<string> => {
  const record = await existing(name)
  const { id } = record
  if (stateOf(record) === 'running')
    throw new Error(`lab ${id} is in use by process ${record.owner.pid}; interrupt that, and it clears up itself`)
  await removeLab(id)
  return id
}

/** Runs a command inside a node, a pod or the client, on this terminal; answers its exit code (128 + signal, as shells do). */
export const execInLab = async (
  name: string | undefined,
  place: string,
  command: readonly string[],
): Promise<number> => {
  const record = await existing(name)
  const netns = netnsOf(record.cluster, place)
  if (netns === undefined) {
    const { nodes, pods, client } = record.cluster
    const places = [...nodes, ...pods, client].map(({ name }) => name)
    throw new Error(`lab ${record.id} has no ${place}; it has ${places.join(', ')}`)
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const child = spawn('ip', inNetns(netns, command), { env: environment(), stdio: 'inherit' })
  child.on('error', reject)
  child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  return promise
}

/** The lab of that name; without a name the one called `lab`, or the only one there is. */
const existing = async (name: string | undefined): Promise<LabRecord> => {
  const record = await readLab(name ?? usualName)
  if (record !== undefined) return record
  const labs = await readLabs()
  const [only] = labs
  if (name === undefined && only !== undefined && labs.length === 1) return only
  const names = labs.map(({ id }) => id)
  if (names.length === 0) throw new Error('there is no lab; make one with: evenkeel lab up')
  throw new Error(`${name === undefined ? 'say which lab' : `there is no lab called ${name}`}: ${names.join(', ')}`)
}
