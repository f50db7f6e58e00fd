import { type Command, Option } from 'commander'
import { startAgent } from '../agent/agent.ts'
import { type Level, openLog } from '../agent/log.ts'
import { compactHeap } from '../agent/memory.ts'
import { sourceOf } from '../agent/source.ts'
import { openKernel } from '../kernel/index.ts'
import type { Shell } from './command.ts'
import { addNodeOptions, type NodeOptions, readNodeOptions } from './node-options.ts'
import { sourceChoice } from './source.ts'

interface RunOptions extends NodeOptions {
  readonly source: string
  readonly once?: boolean
  readonly logLevel: Level
}

/** Runs the agent until SIGINT or SIGTERM, which leave the rules in force. Exit 1 with --once: something is not in force. */
export function register(command: Command, shell: Shell): void {
  addNodeOptions(
    command.requiredOption(
      '--source <source>',
      'where Services and EndpointSlices come from: kubernetes or manifests:DIR',
    ),
  )
    .option('--once', 'put the rules in force and end')
    .addOption(
      new Option('--log-level <level>', 'least level to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action(async (options: RunOptions) => run(options, shell.interrupted()))
}

const run = async (options: RunOptions, interrupted: AbortSignal): Promise<void> => {
  const { config, plane } = await readNodeOptions(options)
  const choice = sourceChoice(options.source, config.clientConnection)
  const log = openLog(options.logLevel)
  try {
    await using agent = await startAgent({
      config,
      plane,
      openSource: sourceOf(choice, config),
      kernel: await openKernel(),
      log,
      signal: interrupted,
    })
    await Promise.race([agent.settled(), aborted(interrupted)])
    const { inSync, planes } = await agent.status({ verify: false, counters: false })
    const late = planes.reduce((sum, { missing }) => sum + missing.length, 0)
    if (inSync) log.info({ frontends: planes[0]?.frontends }, 'in sync')
    else if (!interrupted.aborted) log.warn({ missing: late }, 'not everything is in force; still trying')
    if (options.once) {
      process.exitCode = inSync ? 0 : 1
    } else {
      if (!interrupted.aborted) log.debug(compactHeap(), 'memory of the first sync given back, MiB')
      await aborted(interrupted)
    }
  } catch (error) {
    if (!interrupted.aborted) throw error
  }
  log.info({ reason: interrupted.aborted ? reasonOf(interrupted) : 'once' }, 'stopped; the rules stay in force')
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? reason.message : String(reason))
