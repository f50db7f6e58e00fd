import { Argument, type Command, Option } from 'commander'
import { askBrakeRelease } from '../agent/control.ts'
import { readSeconds } from './options/seconds.ts'

interface BrakeOptions {
  readonly for?: number
  readonly output: 'table' | 'json'
}

/** Confirms what the brake of this node holds. Exit 2: no agent runs, or it has no brake. */
export function register(command: Command): void {
  command
    .addArgument(new Argument('<action>', 'release: let go what is held').choices(['release']))
    .option('--for <duration>', 'and hold nothing for so long, like 10m', readSeconds)
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'json']).default('table'))
    .action(async (_action: string, options: BrakeOptions) => {
      const answer = await askBrakeRelease({ request: 'brake-release', suspendMs: (options.for ?? 0) * 1_000 })
      if (answer === null) throw new Error('no agent runs in this network namespace: nothing is held here')
      if (answer.released === null)
        throw new Error('the agent has no brake: EvenkeelConfiguration brake.maxEmptiedPercent is 0')
      process.stdout.write(options.output === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : text(answer))
    })
}

const text = ({ released, suspendedUntil }: { readonly released: number | null; readonly suspendedUntil: number }) =>
  `released ${released} frontends${suspendedUntil > 0 ? `; nothing is held until ${new Date(suspendedUntil).toISOString()}` : ''}\n`
