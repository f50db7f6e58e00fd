import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { knownPlanes, type PlaneName } from '../../dataplane/plane.ts'
import { readApplication, type Application } from '../../lab/controller/application.ts'
import { selects } from '../../lab/controller/endpoint-slices.ts'
import { evenApplication } from '../../lab/even.ts'
import { type ImbalanceName, imbalanceNames, imbalances, isImbalance } from '../../lab/imbalance/scenarios.ts'
import { readManifestFiles } from '../../lab/objects.ts'
import { runRestart } from '../../lab/restart.ts'
import { type ScenarioName, scenarioNames } from '../../lab/scenario.ts'
import { runSpread } from '../../lab/spread.ts'
import { readLabs, stateOf } from '../../lab/state.ts'
import { downLab, execInLab, upLab, usualName } from '../../lab/up.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import { collect, whole } from '../options/arguments.ts'
import type { Shell } from '../command.ts'
import { checkFlags } from './flags.ts'
import { progressOn, type Progress } from './progress.ts'
import { labText } from './table.ts'

const schedulerNames: readonly SchedulerName[] = ['random', 'rr', 'sh', 'dh', 'maglev', 'lc', 'sed', 'nq']
const families = { IPv4: ['IPv4'], IPv6: ['IPv6'], dual: ['IPv4', 'IPv6'] } as const

interface ClusterFlags {
  readonly filename?: readonly string[]
  readonly nodes: number
  readonly pods?: number
  readonly family: keyof typeof families
}

interface RunFlags extends ClusterFlags {
  readonly plane?: readonly PlaneName[]
  readonly scheduler?: readonly SchedulerName[]
  readonly connections?: number
  readonly seed: number
  readonly level: number
  readonly keep: boolean
  readonly restarts: number
  readonly repeat: number
  readonly services: number
  readonly endpoints: number
  readonly minutes?: number
  readonly report: string
  readonly resume: boolean
  /** false: --no-chart */
  readonly chart: string | false
  readonly output: 'table' | 'json'
}

interface UpFlags extends ClusterFlags {
  readonly plane: PlaneName
  readonly scheduler?: SchedulerName
}

export function register(command: Command, shell: Shell): void {
  command.addHelpText(
    'after',
    '\nExamples:\n  evenkeel lab run even --scheduler rr,random\n  evenkeel lab run -f shop.yaml\n  evenkeel lab up; evenkeel lab exec client -- curl -s http://192.168.77.10:30086/',
  )
  command.helpCommand(false)
  registerRun(command, shell)
  registerUp(command, shell)
  command
    .command('exec')
    .argument('<place>', 'a node, a pod or the client')
    .argument('<command...>', 'after --')
    .description('run a command inside: lab exec node-0 -- nft list ruleset')
    .option('--lab <name>', 'which lab, where there are several')
    .passThroughOptions()
    .action(async (place: string, words: string[], { lab }: { lab?: string }) => {
      process.exitCode = await execInLab(lab, place, words[0] === '--' ? words.slice(1) : words)
    })
  command
    .command('down')
    .argument('[lab]', 'which lab, where there are several')
    .description('remove a lab that was kept or left behind')
    .action(async (lab: string | undefined) => {
      process.stderr.write(`removed lab ${await downLab(lab)}\n`)
    })
  command.command('list').description('list the labs on this machine').action(list)
}

const level = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('It must be between 0 and 1.')
  return value
}

const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find((one) => one === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${allowed.join(', ')}.`)
    return found
  }

const listOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): readonly T[] => [...new Set(text.split(',').map((one) => oneOf(allowed)(one.trim())))]

const planes = (text: string): readonly PlaneName[] => (text === 'all' ? knownPlanes : listOf(knownPlanes)(text))

const withCluster = (command: Command): Command =>
  command
    .option('-f, --filename <file>', 'manifests of an application: a file, a directory or - (repeatable)', collect)
    .option('--nodes <count>', 'nodes of the cluster', whole(1, 50), 2)
    .option('--pods <count>', 'pods behind the Service (4); with -f: replicas of each workload', whole(1, 60))
    .addOption(
      new Option('--family <family>', 'addresses of the Service').choices(Object.keys(families)).default('IPv4'),
    )

const defaults = 'nftables; walkthrough: iptables; scale, all and reported imbalances: all'

function registerRun(command: Command, shell: Shell): void {
  withCluster(command.command('run'))
    .addArgument(scenarioArgument())
    .description('make a cluster, send connections, say who got how many')
    .option('--plane <names>', `planes, with commas, or all (default: ${defaults})`, planes)
    .option('--scheduler <names>', 'schedulers, with commas', listOf(schedulerNames))
    .option('--connections <count>', 'in each run (1000); scale: to each target (1000)', whole(1, 10_000_000))
    .option('--seed <number>', 'decides what is left to chance', whole(0, 2 ** 31), 1)
    .option('--level <share>', 'of each tail of the test', level, 0.05)
    .option('--restarts <count>', 'of agents, in the scenario restart', whole(1, 1000), 10)
    .option('--repeat <count>', 'reported imbalances: each run so often, each time with other luck', whole(1, 1000), 1)
    .option('--services <count>', 'scale: Services at most', whole(10, 20_000), 10_000)
    .option('--endpoints <count>', 'scale: of each Service', whole(1, 100), 10)
    .option('--minutes <count>', 'scale: nothing is begun later (10); all: it ends then (30)', whole(1, 600))
    .option('--chart <file>', 'scale: where the drawing goes', 'evenkeel-scale.svg')
    .option('--no-chart', 'scale: no drawing')
    .option('--report <file>', 'all: where the page goes, and beside it what --resume reads', 'evenkeel-lab.html')
    .option('--resume', 'all: run what an earlier one with the same parameters has not finished', false)
    .option('--keep', 'leave the lab standing when all is done', false)
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['table', 'json']).default('table'))
    .action((name: string | undefined, flags: RunFlags, own: Command) => {
      const scenario = scenarioOf(name, flags)
      checkFlags(scenario, own)
      const nodesGiven = own.getOptionValueSource('nodes') === 'cli'
      return run(scenario, { ...flags, nodesGiven }, shell)
    })
    .addHelpText('after', `\nReported imbalances:\n${imbalanceNames.map(summaryLine).join('')}`)
}

/** Any word is taken here, and refused by name later; the choices are for completion. */
function scenarioArgument(): Argument {
  const argument = new Argument('[scenario]', `${scenarioNames.join(', ')}; with -f it is app`)
  argument.argChoices = [...scenarioNames]
  return argument
}

const summaryLine = (name: ImbalanceName): string => `  ${name.padEnd(16)}${imbalances[name].summary}\n`

function registerUp(command: Command, shell: Shell): void {
  withCluster(command.command('up'))
    .argument('[lab]', 'its name', usualName)
    .description('make a cluster to play with; it stays until lab down')
    .option('--plane <name>', 'the plane', oneOf(knownPlanes), 'nftables')
    .option('--scheduler <name>', 'the scheduler of every Service', oneOf(schedulerNames))
    .action((id: string, flags: UpFlags) => up(id, flags, shell))
}

function scenarioOf(name: string | undefined, flags: RunFlags): ScenarioName {
  const scenario = name ?? (flags.filename === undefined ? undefined : 'app')
  const found = scenarioNames.find((one) => one === scenario)
  if (found === undefined)
    throw new Error(
      `lab run needs a scenario: ${scenarioNames.join(', ')}${scenario === undefined ? '' : `, not ${scenario}`}`,
    )
  if ((found === 'app') !== (flags.filename !== undefined))
    throw new Error(found === 'app' ? 'the scenario app needs -f FILE' : `the scenario ${found} takes no -f`)
  return found
}

async function applicationOf(
  { filename, nodes, pods, family }: ClusterFlags,
  progress: Progress,
  weighted = false,
): Promise<Application> {
  if (filename === undefined) return evenApplication({ pods: pods ?? 4, nodes, weighted, families: families[family] })
  const { documents, problems } = await readManifestFiles(filename)
  const application = readApplication(documents, { nodes, ...(pods !== undefined && { replicas: pods }) })
  for (const { where, object, field, message } of [...problems, ...application.problems])
    progress.note(`${[where, object, field].filter((part) => part !== '').join(': ')}: ${message}`)
  for (const note of application.notes) progress.note(note)
  if (application.services.length === 0) throw new Error(`no Service to be reached in ${filename.join(', ')}`)
  return application
}

async function run(
  scenario: ScenarioName,
  flags: RunFlags & { readonly nodesGiven: boolean },
  shell: Shell,
): Promise<void> {
  const started = performance.now()
  const took = (): void => void process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s in all\n`)
  const signal = shell.interrupted()
  const connections = flags.connections ?? 1_000
  if (scenario === 'scale') {
    const { labScale } = await import('./scale.ts')
    const chart = flags.chart === false ? null : flags.chart
    const { minutes = 10 } = flags
    await labScale({ ...flags, minutes, connections, chart, planes: flags.plane ?? knownPlanes, signal })
    return took()
  }
  if (scenario === 'all') {
    const { labAll } = await import('./all.ts')
    const { minutes = 30 } = flags
    await labAll({ ...flags, minutes, id: `all${process.pid}`, planes: flags.plane ?? knownPlanes, signal })
    return took()
  }
  if (isImbalance(scenario)) {
    const { labImbalance } = await import('./imbalance.ts')
    await labImbalance(scenario, {
      ...flags,
      id: `run${process.pid}`,
      planes: flags.plane ?? knownPlanes,
      schedulers: flags.scheduler ?? null,
      pods: flags.pods ?? null,
      nodes: flags.nodesGiven ? flags.nodes : null,
      connections: flags.connections ?? null,
      signal,
    })
    return took()
  }
  if (scenario === 'walkthrough') {
    const { labWalkthrough } = await import('./walkthrough.ts')
    const application = evenApplication({ ...flags, pods: flags.pods ?? 2, families: ['IPv4'], weighted: false })
    const id = `walk${process.pid}`
    await labWalkthrough({ ...flags, id, application, connections, planes: flags.plane ?? ['iptables'], signal })
    return took()
  }
  const progress = progressOn(process.stderr)
  const application = await applicationOf(flags, progress, scenario === 'weighted')
  if (!application.services.some((service) => application.pods.some((pod) => selects(service, pod))))
    throw new Error('no Service selects any pod: there is nobody to send connections to')
  const id = `run${process.pid}`
  const runScenario = scenario === 'restart' ? runRestart : runSpread
  try {
    const { report, faults } = await runScenario({
      ...flags,
      id,
      scenario,
      application,
      connections,
      planes: flags.plane ?? ['nftables'],
      schedulers: flags.scheduler ?? null,
      signal,
      progress: progress.step,
      note: progress.note,
    })
    progress.end()
    process.stdout.write(flags.output === 'json' ? `${JSON.stringify(report)}\n` : labText(report))
    for (const fault of faults) process.stderr.write(`${fault}\n`)
    if (flags.keep) process.stderr.write(`the lab stays: evenkeel lab list; evenkeel lab down ${id}\n`)
    took()
    if (faults.length > 0) process.exitCode = 1
  } finally {
    progress.end()
  }
}

async function up(id: string, flags: UpFlags, shell: Shell): Promise<void> {
  const progress = progressOn(process.stderr)
  try {
    const hints = await upLab({
      id,
      application: await applicationOf(flags, progress),
      nodes: flags.nodes,
      plane: flags.plane,
      scheduler: flags.scheduler ?? null,
      signal: shell.interrupted(),
      progress: progress.step,
      note: progress.note,
    })
    progress.end()
    process.stdout.write(`lab ${id} is up. Try:\n${hints.map((hint) => `  ${hint}\n`).join('')}`)
  } finally {
    progress.end()
  }
}

async function list(): Promise<void> {
  const labs = await readLabs()
  if (labs.length === 0) process.stderr.write('no labs\n')
  for (const lab of labs) {
    const { nodes, pods } = lab.cluster
    process.stdout.write(`${lab.id}  ${stateOf(lab)}  ${lab.scenario}  ${nodes.length} nodes  ${pods.length} pods\n`)
    for (const hint of lab.hints) process.stdout.write(`  ${hint}\n`)
  }
}
