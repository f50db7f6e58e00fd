import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { askWhy } from '../../agent/control.ts'
import type { WhyRequest } from '../../agent/why/answer.ts'
import type { WhyReport } from '../../agent/why/report.ts'
import type { Shell } from '../command.ts'
import { parseWhyTarget } from './target.ts'
import { whyTables } from './tables.ts'

interface WhyOptions {
  readonly namespace?: string
  readonly output: 'table' | 'wide' | 'json' | 'yaml'
  readonly headers: boolean
  readonly watch?: boolean
}

/** ms between questions of `-w` */
const EVERY = 500

/** Tells since when endpoints get traffic on this node, or why not. Exit 1: some should and do not, or nothing is known of them. */
export function register(command: Command, shell: Shell): void {
  command
    .argument('<target...>', 'service/NAME, pod/NAME, NAMESPACE/NAME or NAME (a Service, else a Pod)')
    .option('-n, --namespace <namespace>', 'of a NAME (default: default)')
    .addOption(
      new Option('-o, --output <format>', 'format').choices(['table', 'wide', 'json', 'yaml']).default('table'),
    )
    .option('-w, --watch', 'tell again whenever it changes (json: one object a line)')
    .option('--no-headers', 'leave out the headers of tables', true)
    .action(async (target: string[], options: WhyOptions) => {
      const request = parseWhyTarget(target, options.namespace)
      const report = await ask(request)
      process.stdout.write(await render(report, options))
      if (options.watch) await follow(request, report, options, shell.interrupted())
      if (!report.fine) process.exitCode = 1
    })
}

const ask = async (request: WhyRequest): Promise<WhyReport> => {
  const report = await askWhy(request)
  if (report !== null) return report
  throw new Error(
    'no agent runs in this network namespace, so nothing is known of the past: `evenkeel plan` tells what a node would do with given objects',
  )
}

const follow = async (
  request: WhyRequest,
  first: WhyReport,
  options: WhyOptions,
  signal: AbortSignal,
): Promise<void> => {
  let last = JSON.stringify(first)
  while (!signal.aborted) {
    await sleep(EVERY, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const report = await ask(request)
    const text = JSON.stringify(report)
    if (text !== last) process.stdout.write(await render(report, options))
    last = text
  }
}

const render = async (report: WhyReport, { output, headers, watch }: WhyOptions): Promise<string> => {
  switch (output) {
    case 'json':
      return `${JSON.stringify(report, null, watch ? 0 : 2)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(report, { aliasDuplicateObjects: false, lineWidth: 0 })
    case 'table':
    case 'wide':
      return whyTables(report, { wide: output === 'wide', headers, now: Date.now() })
  }
}
