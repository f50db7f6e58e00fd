import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { simulationChart } from '../../simulate/chart.ts'
import { type ReadScenario, readScenario, type ScenarioOverrides } from '../../simulate/file/read.ts'
import { tooMuch, usualMaxEvents } from '../../simulate/file/work.ts'
import { type Policy, schedulers } from '../../simulate/model.ts'
import { readyScenarios } from '../../simulate/ready/index.ts'
import { readBounded } from '../../sources/bounded.ts'
import { jsonLimit } from '../../sources/documents.ts'
import { simulateAll, type SimulationReport } from '../../simulate/report.ts'
import { collect, whole } from '../options/arguments.ts'
import { progressOn } from '../lab/progress.ts'
import { printProblems } from '../text/problems.ts'
import { simulationText } from './text.ts'
import { formatTable } from '../text/table.ts'

interface SimulateFlags {
  readonly list: boolean
  readonly print: boolean
  readonly policy?: string
  readonly compare?: readonly string[]
  readonly set?: readonly string[]
  readonly runs: number
  readonly seed: string
  readonly threads?: number
  readonly maxEvents: number
  readonly chart?: string
  readonly output: 'table' | 'json' | 'svg'
}

/** It has nothing to put away, so it never asks to be interrupted: a signal ends it at once, in the midst of a long run, too. */
export function register(command: Command): void {
  command
    .addArgument(
      new Argument('[scenario]', 'a file (YAML or JSON), - for stdin, or the name of a ready scenario')
        .choices(readyScenarios.map(({ name }) => name))
        .argParser((text: string) => text),
    )
    .option('--list', 'list the ready scenarios', false)
    .option('--print', 'print the scenario file and do nothing else: a beginning for your own', false)
    .addOption(
      new Option('--policy <policy>', `in place of the file's: ${SPELLING}`)
        .choices([...schedulers])
        .argParser((text: string) => text),
    )
    .addOption(
      new Option('--compare <policies>', `compare these, with commas between: ${SPELLING}`)
        .choices([...schedulers])
        .argParser(policies),
    )
    .option(
      '--set <path=value>',
      'change the file: pods.count=10, clients[0].life.exponential=5m (repeatable)',
      collect,
    )
    .option('--runs <count>', 'runs of each policy', whole(1, 1_000_000), 1_000)
    .option('--seed <text>', 'of the randomness: the same seed gives the same output', seed, '1')
    .option(
      '--threads <count>',
      'worker threads, 0 none (one for each processor); never changes the output',
      whole(0, 1_024),
    )
    .option('--max-events <count>', 'refuse what would be more connection events', whole(1, 1e15), usualMaxEvents)
    .option('--chart <file>', 'write a drawing (SVG) there, too')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['table', 'json', 'svg']).default('table'))
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: SimulateFlags) => {
      checkAlone(name, flags, command)
      return simulateCommand(name, flags)
    })
}

const SPELLING = 'SCHEDULER[+key=value…], e.g. ipvs-lc or nft-random+maxAge=5m'
const EXAMPLES = `
Examples:
  evenkeel simulate --list
  evenkeel simulate scale-up --chart scale-up.svg
  evenkeel simulate scale-up --set clients.life.exponential=2m --compare nft-random,lc+counts=shared
  evenkeel simulate --print pgbouncer > mine.yaml; evenkeel simulate mine.yaml`

/** --list and --print simulate nothing: what would be for a simulation is not ignored but refused. */
function checkAlone(name: string | undefined, { list: lists, print: prints }: SimulateFlags, command: Command): void {
  const alone = lists ? '--list' : prints ? '--print' : null
  if (alone === null) return
  const heeded = lists ? ['list', 'output'] : ['print']
  const others = command.options.filter(
    (option) =>
      command.getOptionValueSource(option.attributeName()) === 'cli' && !heeded.includes(option.attributeName()),
  )
  const words = [...others.map(({ long }) => long ?? ''), ...(lists && name !== undefined ? [name] : [])]
  if (words.length > 0) throw new Error(`${alone} takes no ${words.join(', ')}`)
}

async function simulateCommand(name: string | undefined, flags: SimulateFlags): Promise<void> {
  if (flags.list) return list(flags)
  if (name === undefined)
    throw new Error(`simulate needs a file or a scenario: ${readyScenarios.map((one) => one.name).join(', ')}`)
  const { content, file } = await contentOf(name)
  if (flags.print) return void process.stdout.write(content)
  const { read, problems } = readScenario(content, file, overridesOf(flags))
  printProblems(problems)
  if (read === null) {
    process.exitCode = 2
    return
  }
  const { runs, maxEvents } = flags
  const policies = read.compared.length > 0 ? read.compared : [read.scenario.policy]
  const refused = tooMuch(read.scenario, { runs, policies, maxEvents })
  if (refused !== null) throw new Error(`${file}: ${refused}`)
  if (flags.chart !== undefined) await checkWritable(flags.chart)
  await print(await run(read, policies, flags), read, flags)
}

async function run(read: ReadScenario, policies: readonly Policy[], flags: SimulateFlags): Promise<SimulationReport> {
  const { runs, seed, threads, maxEvents } = flags
  const progress = progressOn(process.stderr, undefined, 'simulate')
  try {
    return await simulateAll(read.scenario, policies, {
      runs,
      seed,
      about: read.about,
      maxEvents,
      ...(threads !== undefined && { threads }),
      onProgress: (done, all, policy) => progress.step(`${policy}: ${done} of ${all} runs`),
    })
  } finally {
    progress.end()
  }
}

/** Before minutes of work, not after them. */
async function checkWritable(chart: string): Promise<void> {
  const known = await stat(chart).catch(() => null)
  if (known?.isDirectory()) throw new Error(`--chart ${chart}: is a directory, and must be a file`)
  try {
    await access(known === null ? dirname(chart) : chart, constants.W_OK)
  } catch (error) {
    throw new Error(`--chart ${chart}: cannot be written`, { cause: error })
  }
}

async function print(
  report: SimulationReport,
  { scenario }: ReadScenario,
  { output, chart }: SimulateFlags,
): Promise<void> {
  if (chart !== undefined) {
    await writeFile(chart, simulationChart(report, scenario))
    process.stderr.write(`chart: ${chart}\n`)
  }
  switch (output) {
    case 'json':
      process.stdout.write(`${JSON.stringify(report)}\n`)
      return
    case 'svg':
      process.stdout.write(simulationChart(report, scenario))
      return
    case 'table':
      process.stdout.write(simulationText(report))
  }
}

function list({ output }: SimulateFlags): void {
  if (output === 'svg') throw new Error('--list prints a table or JSON, not svg')
  const scenarios = readyScenarios.map(({ name, summary }) => ({ name, summary }))
  process.stdout.write(
    output === 'json'
      ? `${JSON.stringify({ scenarios })}\n`
      : formatTable(
          ['NAME', 'WHAT IT SHOWS'],
          scenarios.map(({ name, summary }) => [name, summary]),
        ),
  )
}

/** A ready scenario goes before a file of the same name, which ./NAME means. */
async function contentOf(name: string): Promise<{ readonly content: Buffer; readonly file: string }> {
  const ready = readyScenarios.find((one) => one.name === name)
  if (ready !== undefined) return { content: Buffer.from(ready.text), file: name }
  const options = { limit: jsonLimit, cure: 'no scenario is so long' }
  if (name === '-') return { content: await readBounded(name, options), file: 'stdin' }
  try {
    return { content: await readBounded(name, options), file: name }
  } catch (error) {
    const hint = /^[\w-]+$/.test(name)
      ? `; ready scenarios are ${readyScenarios.map((one) => one.name).join(', ')}`
      : ''
    throw new Error(`${name}: cannot be read${hint}`, { cause: error })
  }
}

function overridesOf({ set, policy, compare }: SimulateFlags): ScenarioOverrides {
  if (policy !== undefined && compare !== undefined)
    throw new Error('--policy takes one policy alone, --compare several: give one of them')
  return {
    ...(set !== undefined && { set }),
    ...(policy !== undefined && { policy }),
    ...(compare !== undefined && { compare }),
  }
}

const seed = (text: string): string => {
  if (text.length === 0 || text.length > 200) throw new InvalidArgumentError('It must be 1 to 200 characters.')
  return text
}

const policies = (text: string): readonly string[] => {
  const given = text.split(',').map((one) => one.trim())
  if (given.includes('')) throw new InvalidArgumentError('There is nothing between two commas.')
  return given
}
