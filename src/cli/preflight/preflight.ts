import { type Command, Option } from 'commander'
import type { ProxyConfig } from '../../agent/config/config.ts'
import { askAgent } from '../../agent/control.ts'
import { type Code, fatalCodes, type PreflightReport, parseCodes } from '../../inspect/preflight/index.ts'
import type { Log } from '../../util/log.ts'
import { preflightTable, preflightText } from './report.ts'
import { addConfigOptions, type ConfigOptions, readProxyConfig } from '../options/proxy-config.ts'

interface PreflightCommandOptions extends ConfigOptions {
  readonly output: 'table' | 'wide' | 'json' | 'yaml'
  readonly headers: boolean
}

/** Reads the node and says what would go wrong. Exit 1: something fatal. */
export function register(command: Command): void {
  addConfigOptions(command)
    .addOption(
      new Option('-o, --output <format>', 'format: wide with evidence and cures')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('wide'),
    )
    .option('--no-headers', 'leave out the headers of tables', true)
    .action(async (options: PreflightCommandOptions) => {
      const config = await readProxyConfig(options)
      const { preflight } = await import('../../inspect/preflight/index.ts')
      const report = await preflight(config, { agentRuns: await agentRuns() })
      process.stdout.write(await render(report, options))
      if (report.findings.some(({ severity }) => severity === 'fatal')) process.exitCode = 1
    })
}

const render = async (report: PreflightReport, { output, headers }: PreflightCommandOptions): Promise<string> => {
  switch (output) {
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(report, { lineWidth: 0 })
    case 'table':
      return preflightTable(report, headers)
    case 'wide':
      return preflightText(report)
  }
}

/** Also one that does not answer is one. */
export const agentRuns = async (): Promise<boolean> => {
  try {
    return (await askAgent({ request: 'status', verify: false, counters: false })) !== null
  } catch {
    return true
  }
}

export interface SkipOptions {
  /** codes of fatal findings that `run` starts in spite of */
  readonly skipPreflight?: ReadonlySet<Code>
}

/** The flag of `run` that starts it in spite of a fatal finding. */
export const addSkipPreflight = (command: Command): Command =>
  command.addOption(
    new Option(
      '--skip-preflight <codes>',
      'start in spite of these fatal findings of evenkeel preflight, with commas between',
    )
      .choices(fatalCodes)
      .argParser(parseCodes),
  )

/** True: `run` must not start; each reason is logged with its cure. What is skipped is logged as a warning. */
export const refusesToStart = async (
  config: ProxyConfig,
  { skipPreflight }: SkipOptions,
  log: Log,
): Promise<boolean> => {
  const { fatalFindings } = await import('../../inspect/preflight/index.ts')
  const findings = await fatalFindings(config)
  for (const { code, summary, evidence, cure } of findings) {
    if (skipPreflight?.has(code)) log.warn({ code, evidence }, `${summary} (skipped)`)
    else log.error({ code, evidence, cure }, summary)
  }
  return findings.some(({ code }) => !skipPreflight?.has(code))
}
