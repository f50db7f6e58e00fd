import type { Shell } from './command.ts'

/**
 * The shell of this process. A reader that closes our stdout (`| head`) is no error: the command is interrupted or ended. A stdout that cannot be
 * written (a full disk) is one, and 2 as any other: 1 would say that the command found a problem.
 */
export function processShell(): Shell {
  let interruption: AbortController | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      process.stderr.write(`evenkeel: stdout cannot be written: ${error.message}\n`)
      process.exit(2)
    }
    if (interruption === undefined) process.exit(0)
    interruption.abort(error)
  })
  return {
    interrupted() {
      interruption ??= onSignals(new AbortController())
      return interruption.signal
    },
  }
}

function onSignals(interruption: AbortController): AbortController {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)))
  }
  return interruption
}
