import { type Command, Option } from 'commander'
import { askAgent } from '../../agent/control.ts'
import { inspectNode } from '../../agent/inspect.ts'
import type { AgentStatus } from '../../agent/status/status.ts'
import { openKernel } from '../../kernel/index.ts'
import { silent } from '../../util/log.ts'
import { addNodeOptions, type NodeOptions, readNodeOptions } from '../options/node-options.ts'
import { manifestsOf } from '../options/source.ts'
import { statusTables, withoutTimes } from './report.ts'

interface StatusOptions extends NodeOptions {
  readonly source?: string
  readonly output: 'table' | 'wide' | 'json' | 'yaml'
  readonly times?: boolean
  readonly counters?: boolean
  readonly headers: boolean
}

/** Compares the kernel with the plan, through the agent where one runs. Exit 1: not in sync. */
export function register(command: Command): void {
  addNodeOptions(command.option('--source <source>', 'manifests:DIR, to compare with where no agent runs'))
    .addOption(
      new Option('-o, --output <format>', 'format').choices(['table', 'wide', 'json', 'yaml']).default('table'),
    )
    .option('--counters', 'with new connections per backend (-o wide shows them)')
    .option('--times', 'json and yaml: with times and counts of transactions')
    .option('--no-headers', 'leave out the headers of tables', true)
    .action(async (options: StatusOptions) => {
      const status = await statusOf(options)
      process.stdout.write(await render(status, options))
      if (!status.inSync) process.exitCode = 1
    })
}

const statusOf = async (options: StatusOptions): Promise<AgentStatus> => {
  const counters = options.counters === true || options.output === 'wide'
  const answer = await askAgent({ request: 'status', verify: true, counters })
  if (answer !== null) return answer
  if (options.source === undefined)
    throw new Error(
      'no agent runs in this network namespace: start one with `evenkeel run`, or give --source manifests:DIR',
    )
  const manifests = manifestsOf(options.source)
  const { config, plane } = await readNodeOptions(options)
  return inspectNode({ config, plane, manifests, counters, kernel: await openKernel(), log: silent })
}

const render = async (status: AgentStatus, { output, times, headers }: StatusOptions): Promise<string> => {
  switch (output) {
    case 'json':
      return `${JSON.stringify(times ? status : withoutTimes(status), null, 2)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(times ? status : withoutTimes(status), { lineWidth: 0 })
    case 'table':
    case 'wide':
      return statusTables(status, { wide: output === 'wide', headers, now: Date.now() })
  }
}
