import type { Command, Option } from 'commander'
import type { Shell } from './command.ts'
import { commands } from './commands.ts'

/** A word that may stand at the cursor, and what it means. */
export interface Candidate {
  readonly word: string
  readonly description: string
}

/** `__complete WORD…` prints the candidates for the last word (which may be empty) as `word TAB description`. */
export function register(command: Command, shell: Shell): void {
  command
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (words: string[]) => {
      const program = command.parent
      if (program === null) return
      const [first] = words
      if (words.length > 1) await load(program, first, shell)
      for (const { word, description } of candidates(program, words)) process.stdout.write(`${word}\t${description}\n`)
    })
}

async function load(program: Command, name: string | undefined, shell: Shell): Promise<void> {
  const command = program.commands.find((one) => one.name() === name)
  const entry = commands.find((one) => one.name === name && one.hidden !== true)
  if (command !== undefined && entry !== undefined) (await entry.load()).register(command, shell)
}

/** What may stand in place of the last of `words`: subcommands, then flags, or the choices of the flag or argument before it. */
export function candidates(program: Command, words: readonly string[]): readonly Candidate[] {
  const typed = words.at(-1) ?? ''
  const { command, position, pending } = walk(program, words.slice(0, -1))
  const all = pending === undefined ? expected(command, position, typed) : choices(pending.argChoices)
  return all.filter(({ word }) => word.startsWith(typed))
}

function expected(command: Command, position: number, typed: string): readonly Candidate[] {
  if (typed.startsWith('-')) return flags(command)
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command).filter((one) => one.name() !== 'help')
  if (subcommands.length > 0) return subcommands.map((one) => ({ word: one.name(), description: one.description() }))
  return choices(command.registeredArguments[position]?.argChoices)
}

function flags(command: Command): readonly Candidate[] {
  const options = command.createHelp().visibleOptions(command)
  return options.map(({ long, short, description }) => ({ word: long ?? short ?? '', description }))
}

function choices(words: readonly string[] = []): readonly Candidate[] {
  return words.map((word) => ({ word, description: '' }))
}

/** The command that `words` lead to, how many operands it has by then, and the flag that still waits for its value. */
function walk(program: Command, words: readonly string[]): { command: Command; position: number; pending?: Option } {
  let command = program
  let position = 0
  let pending: Option | undefined
  for (const word of words) {
    const child = command.commands.find((one) => one.name() === word)
    if (pending !== undefined) pending = undefined
    else if (word.startsWith('-')) pending = waiting(command, word)
    else if (child === undefined) position += 1
    else {
      command = child
      position = 0
    }
  }
  return pending === undefined ? { command, position } : { command, position, pending }
}

function waiting(command: Command, word: string): Option | undefined {
  const option = command.options.find(({ long, short }) => long === word || short === word)
  return option?.required === true ? option : undefined
}
