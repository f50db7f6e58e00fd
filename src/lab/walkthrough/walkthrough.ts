import { release } from 'node:os'
import { loadPlane } from '../../dataplane/registry.ts'
import { familyVerdicts, type SkewTest } from '../../inspect/statistics/index.ts'
import { formatEndpoint } from '../../model/address.ts'
import type { Packet, PathStep, Trace, TracedBackend } from '../../model/packet.ts'
import { nearestDouble, sum } from '../../rules/fraction.ts'
import { type Agents, startAgents } from '../agents.ts'
import { allocate } from '../controller/allocate.ts'
import { type Dial, dialsOf, planLab } from '../dials.ts'
import { evenPod } from '../even.ts'
import { type Lab, openLab } from '../lab.ts'
import { measure } from '../measure.ts'
import { keepForPlay } from '../play.ts'
import type { BackendReport } from '../report.ts'
import type { ScenarioOptions } from '../scenario.ts'
import { nameOf, type Variant } from '../variant.ts'
import type { WalkedBackend, WalkedRule, WalkedRun, WalkthroughReport } from './report.ts'
import { hintBackEnd, type ListedVariant, listedVariants, walk } from './rules.ts'

export type WalkthroughOptions = Omit<ScenarioOptions, 'scenario' | 'schedulers' | 'restarts'>

export interface WalkthroughResult {
  readonly report: WalkthroughReport
  /** in words; empty when rules, counters and pods agree */
  readonly faults: readonly string[]
}

/**
 * The scenario `walkthrough`: one Service with a NodePort, its pods, then one more; each time the rules as a person would look at them,
 * what they promise, and what comes of it.
 */
export const runWalkthrough = async (options: WalkthroughOptions): Promise<WalkthroughResult> => {
  const { variants, skipped } = await listedVariants(options.planes)
  const { services } = allocate(options.application.services)
  const walked: Walked[] = []
  for (const { variant, command } of variants) {
    const { application, nodes } = options
    await using lab = await openLab({
      ...options,
      scenario: 'walkthrough',
      nodes,
      services,
      pods: application.pods,
      slices: [],
    })
    await Promise.all(lab.cluster.nodes.map((node) => hintBackEnd(node, variant)))
    await using agents = await startAgents(lab, variant.plane)
    walked.push(await stage(lab, agents, { variant, command }, options))
    await lab.addPod(evenPod(`pod-${application.pods.length}`))
    walked.push(await stage(lab, agents, { variant, command }, options))
    if (options.keep && variant === variants.at(-1)?.variant) await keepForPlay(lab, agents)
  }
  const runs = judged(walked, options.level)
  const report: WalkthroughReport = {
    scenario: 'walkthrough',
    seed: options.seed,
    node: { kernel: release() },
    runs,
    skipped,
  }
  return { report, faults: runs.flatMap(faultsOf) }
}

interface Walked {
  readonly run: WalkedRun
  readonly test: SkewTest
}

/** With the verdicts of all runs together: the more of them, the likelier one is uneven by luck. */
const judged = (walked: readonly Walked[], level: number): readonly WalkedRun[] => {
  const verdicts = familyVerdicts(
    walked.map(({ test }) => test),
    level,
  )
  return walked.map(({ run }, index) => ({ ...run, verdict: verdicts[index] ?? run.verdict }))
}

const stage = async (
  lab: Lab,
  agents: Agents,
  { variant, command }: ListedVariant,
  options: WalkthroughOptions,
): Promise<Walked> => {
  const { connections, progress, signal } = options
  const pods = lab.control.pods.length
  const what = `${nameOf(variant)}, ${pods} pods`
  progress(what)
  await agents.inSync(signal)
  const dial = await nodePortDial(lab, variant)
  const [node] = lab.cluster.nodes
  const [service] = lab.control.services
  if (node === undefined || service === undefined) throw new Error('the scenario needs a node and a Service')
  const { address: to, port, protocol } = dial.target
  const packet: Packet = { from: dial.source.addresses.IPv4, to, port, protocol, inputInterface: 'eth0' }
  const before = await walk(node, command, packet)
  const { measured, test } = await measure(lab, {
    ...options,
    service,
    dials: [dial],
    progress: (done) => progress(`${what}: ${done}/${connections} connections`),
  })
  const after = await walk(node, command, packet)
  const rules = walkedRules(before, after)
  const run: WalkedRun = {
    ...variant,
    pods,
    command: command.join(' '),
    from: packet.from,
    to: `${formatEndpoint(to, port)}/${protocol}`,
    rules,
    connections: measured.connections,
    failures: measured.failures,
    backends: measured.backends.map((backend) => walkedBackend(backend, { before, rules, connections })),
    p: test.p,
    pLower: test.pLower,
    verdict: test.verdict,
  }
  return { run, test }
}

/** From outside to the Service's NodePort on the first node. */
const nodePortDial = async (lab: Lab, { plane }: Variant): Promise<Dial> => {
  const [service] = lab.control.services
  const { capabilities } = await loadPlane(plane)
  const client = lab.sources.filter(({ kind }) => kind === 'client')
  const dials = service ? dialsOf(planLab(lab.control), service, client, capabilities.defaultScheduler) : []
  const dial = dials.find(({ via, node }) => via === 'NodePort' && node === lab.cluster.nodes[0]?.name)
  if (dial === undefined) throw new Error('the Service has no NodePort that leads anywhere')
  return dial
}

/** The rules that the packet meets, in the order of the chains; counters that grew are those of the connections. */
const walkedRules = (before: Trace, after: Trace): readonly WalkedRule[] => {
  const counted = new Map(before.path.map((step) => [placeOf(step), step.counters?.packets]))
  return distinct(after.path).map((step) => {
    const { table, chain, counters } = step
    const was = counted.get(placeOf(step))
    const packets = counters === undefined ? null : { before: was ?? 0, after: counters.packets }
    return { table, chain, rule: ruleOf(step), packets }
  })
}

/** Ways that part meet the same rule again: each rule once. */
const distinct = (path: readonly PathStep[]): readonly PathStep[] => [
  ...new Map(path.map((step) => [placeOf(step), step])).values(),
]

const placeOf = (step: PathStep): string => `${step.table} ${step.chain} ${ruleOf(step)}`

/** Without its counters, and without the chain that it stands in. */
const ruleOf = ({ rule, chain }: PathStep): string =>
  rule
    .replace(/^\[\d+:\d+\] /, '')
    .replace(`-A ${chain} `, '')
    .replace(/\bcounter packets \d+ bytes \d+/, 'counter')

const walkedBackend = (
  { name, address, connections: accepted }: BackendReport,
  {
    before,
    rules,
    connections,
  }: { readonly before: Trace; readonly rules: readonly WalkedRule[]; readonly connections: number },
): WalkedBackend => {
  const own = before.backends.filter((backend) => backend.address === address)
  const odds = sum(own.map(({ probability }) => probability))
  const share = nearestDouble(odds)
  return {
    name,
    address,
    probability: `${odds.numerator}/${odds.denominator}`,
    share,
    promised: Math.round(share * connections * 1000) / 1000,
    connections: accepted,
    counted: countedFor(own, rules),
  }
}

/** By the rule that names the backend, where there is one. */
const countedFor = (own: readonly TracedBackend[], rules: readonly WalkedRule[]): number | null => {
  const targets = own.map(({ address, port }) => `--to-destination ${formatEndpoint(address, port)}`)
  const naming = rules.filter(({ rule }) => targets.some((target) => `${rule} `.includes(`${target} `)))
  const [only] = naming
  return naming.length === 1 && only?.packets ? only.packets.after - only.packets.before : null
}

const faultsOf = (run: WalkedRun): readonly string[] => {
  const what = `${nameOf(run)}, ${run.pods} pods`
  const faults: string[] = []
  if (run.failures > 0) faults.push(`${what}: ${run.failures} of ${run.connections} connections failed`)
  if (run.verdict === 'SKEWED') faults.push(`${what}: SKEWED, the pods did not get what the rules promise`)
  for (const { name, share, counted, connections } of run.backends) {
    if (share === 0) faults.push(`${what}: no rule leads to ${name}`)
    if (counted !== null && counted !== connections)
      faults.push(`${what}: the rule of ${name} counted ${counted} connections, the pod ${connections}`)
  }
  return faults
}
