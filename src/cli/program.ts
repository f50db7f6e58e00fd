import { Command, CommanderError } from 'commander'
import { version } from '../agent/version.ts'
import { commands } from './commands.ts'
import type { Shell } from './command.ts'
import { processShell } from './shell.ts'

/** Exit codes: 0 fine, 1 found a problem (set by the command), 2 usage or input error. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await createProgram(processShell()).parseAsync(helpAsFlag(args), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2
    } else {
      process.stderr.write(`evenkeel: ${explain(error)}\n`)
      process.exitCode = 2
    }
  }
}

/** The program with every command's name; a command's module is loaded when the command is invoked. */
export function createProgram(shell: Shell): Command {
  const program = new Command('evenkeel')
    .description('A Kubernetes Service proxy that spreads load evenly and shows its work.')
    .version(version())
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError('(run it with --help for usage)')
    .exitOverride()
  for (const { name, description, hidden = false } of commands) {
    program.command(name, { hidden }).description(description)
  }
  return program.hook('preSubcommand', async (_, command) => {
    const entry = commands.find(({ name }) => name === command.name())
    const module = await entry?.load()
    module?.register(command, shell)
  })
}

/** `help trace` reads `trace --help`. */
function helpAsFlag(args: readonly string[]): string[] {
  const [first, ...rest] = args
  return first === 'help' ? [...rest, '--help'] : [...args]
}

/** A message with its causes; the stacks too where EVENKEEL_DEBUG is set. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = process.env['EVENKEEL_DEBUG'] ? (error.stack ?? error.message) : error.message
  return error.cause === undefined ? text : `${text}\n  because: ${explain(error.cause)}`
}
