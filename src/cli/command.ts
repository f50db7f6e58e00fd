import type { Command } from 'commander'

/** What the terminal and the process offer a command, besides stdout and stderr. */
export interface Shell {
  /**
   * Aborted by SIGINT, by SIGTERM, or when the reader of stdout has gone. A command that has something to put away asks for it;
   * from then on the first signal aborts and a second one ends the process at once. A command that never asks is simply ended.
   */
  interrupted(): AbortSignal
}

/** A command's module. It sets `process.exitCode` to 1 for "found a problem" and throws for input it cannot use (exit 2). */
export interface CommandModule {
  /** Adds arguments, options and the action to `command`, which has its name and description already. */
  register(command: Command, shell: Shell): void
}

/** What is known of a command before its module is loaded; only the module of the command invoked ever is. */
export interface CommandEntry {
  readonly name: string
  readonly description: string
  /** Left out of help and completion. */
  readonly hidden?: boolean
  load(): Promise<CommandModule>
}
