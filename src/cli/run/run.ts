import { writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { startAgent } from '../../agent/agent.ts'
import type { ProxyConfig } from '../../agent/config/config.ts'
import { configYaml } from '../../agent/config/write.ts'
import { type Level, levelOf, openLog } from '../../agent/log.ts'
import { compactHeap } from '../../agent/memory.ts'
import { sourceOf } from '../../agent/source.ts'
import { openKernel } from '../../kernel/index.ts'
import type { Log } from '../../util/log.ts'
import type { Shell } from '../command.ts'
import { addPlaneOption, type NodeOptions, planeFor } from '../options/node-options.ts'
import { addSkipPreflight, refusesToStart, type SkipOptions } from '../preflight/preflight.ts'
import { addRunConfigOptions, readRunConfig } from '../options/proxy-config.ts'
import { changedConfig } from './config-change.ts'
import { prepareNode } from './node.ts'
import { sourceChoice } from '../options/source.ts'

interface RunOptions extends NodeOptions, SkipOptions {
  readonly once?: boolean
  readonly logLevel?: Level
  readonly writeConfigTo?: string
  readonly initOnly?: string | boolean
  readonly cleanup?: string | boolean
}

/**
 * Runs the agent until SIGINT or SIGTERM, which leave the rules in force. Exit 1 when the configuration changed (whoever started
 * it starts it again), when preflight finds something fatal, and with --once: something is not in force, with --init-only: a setting could not be made.
 */
export function register(command: Command, shell: Shell): void {
  addPlaneOption(
    command.option(
      '--source <source>',
      'where Services and EndpointSlices come from: kubernetes or manifests:DIR (default: kubernetes)',
    ),
  )
    .option('--once', 'put the rules in force and end')
    .option('--shadow', 'write nothing: compare what the rules in force do with what the plan would do')
    .addOption(
      new Option('--log-level <level>', 'least level to log (default: info; debug from -v 4 on)').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
  addSkipPreflight(command)
  addRunConfigOptions(command).action(async (options: RunOptions) => begin(options, shell))
}

const begin = async (options: RunOptions, shell: Shell): Promise<void> => {
  const config = await readRunConfig(options)
  if (options.writeConfigTo !== undefined) {
    await writeFile(options.writeConfigTo, configYaml(config))
    return
  }
  const log = openLog(options.logLevel ?? levelOf(config.logging), config.logging.format)
  if (isOn(options.cleanup)) {
    const { cleanUp } = await import('./cleanup.ts')
    return cleanUp(log)
  }
  if (config.shadow.enabled) return shadow(options, config, { log, interrupted: shell.interrupted() })
  const plane = planeFor(options, config)
  if (!isOn(options.initOnly) && (await refusesToStart({ ...config, plane }, options, log))) {
    process.exitCode = 1
    return
  }
  const node = prepareNode(config, log)
  if (isOn(options.initOnly)) {
    process.exitCode = node.failed ? 1 : 0
    log.info({ failed: node.failed }, 'node prepared; --init-only')
    return
  }
  await run(options, config, plane, { log, interrupted: shell.interrupted(), settled: () => node.again() })
}

/** Whatever prepares a node is left out: not one setting is written. */
const shadow = async (
  options: RunOptions,
  config: ProxyConfig,
  { log, interrupted }: Pick<Surroundings, 'log' | 'interrupted'>,
): Promise<void> => {
  const left = (['once', 'initOnly'] as const).filter((name) => isOn(options[name]))
  if (left.length > 0)
    throw new Error('--shadow writes nothing: it cannot be told to put rules in force or to prepare the node')
  // `mode` is that of the proxy whose rules are looked at: we need not have it
  const plane = planeFor({ plane: options.plane ?? config.plane ?? 'auto' }, config)
  const { runShadow } = await import('./shadow.ts')
  using changed = await changedConfig(options, log)
  await runShadow({ config, plane, log, signal: AbortSignal.any([interrupted, changed.signal]) })
  if (changed.signal.aborted && !interrupted.aborted) process.exitCode = 1
}

interface Surroundings {
  readonly log: Log
  readonly interrupted: AbortSignal
  /** called when the rules are in force */
  readonly settled: () => void
}

const run = async (
  options: RunOptions,
  config: ProxyConfig,
  plane: ReturnType<typeof planeFor>,
  { log, interrupted, settled }: Surroundings,
): Promise<void> => {
  const choice = sourceChoice(config.source || 'kubernetes', config.clientConnection)
  using changed = await changedConfig(options, log)
  const signal = AbortSignal.any([interrupted, changed.signal])
  try {
    await using agent = await startAgent({
      config,
      plane,
      openSource: sourceOf(choice, config),
      kernel: await openKernel(),
      log,
      signal,
    })
    await Promise.race([agent.settled(), aborted(signal)])
    settled()
    const { inSync, planes } = await agent.status({ verify: false, counters: false })
    const late = planes.reduce((sum, { missing }) => sum + missing.length, 0)
    if (inSync) log.info({ frontends: planes[0]?.frontends }, 'in sync')
    else if (!signal.aborted) log.warn({ missing: late }, 'not everything is in force; still trying')
    if (options.once) {
      process.exitCode = inSync ? 0 : 1
    } else {
      if (!signal.aborted) log.debug(compactHeap(), 'memory of the first sync given back, MiB')
      await aborted(signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (changed.signal.aborted && !interrupted.aborted) process.exitCode = 1
  log.info({ reason: signal.aborted ? reasonOf(signal) : 'once' }, 'stopped; the rules stay in force')
}

/** As Go's flags: given, or given as true. */
const isOn = (flag: string | boolean | undefined): boolean => flag === true || flag === 'true'

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? reason.message : String(reason))
