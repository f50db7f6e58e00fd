import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** A program in the background, its output in a file. Disposing ends it: asked first, by SIGKILL after 5 s. */
export interface Running extends AsyncDisposable {
  readonly pid: number
  /** null while it runs */
  exit(): string | null
  /** the end of what it wrote */
  lastWords(lines?: number): string
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts a program that ends with us, however we end (PR_SET_PDEATHSIG). `log` is appended to. */
export const run = (command: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv = {}): Running => {
  const output = openSync(log, 'a')
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  })
  closeSync(output)
  let failure: string | null = null
  child.on('error', (error) => (failure = error.message))
  const exit = (): string | null =>
    failure ?? child.signalCode ?? (child.exitCode === null ? null : `exit ${child.exitCode}`)
  const kill = (signal: NodeJS.Signals): Promise<void> => end(child, exit, signal)
  return {
    pid: child.pid ?? 0,
    exit,
    lastWords: (lines = 15) => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    kill,
    [Symbol.asyncDispose]: () => kill('SIGTERM'),
  }
}

const end = async (child: ChildProcess, exit: () => string | null, signal: NodeJS.Signals): Promise<void> => {
  if (exit() !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(timer)
}

/**
 * Asks every 50 ms until the answer is true. A question that throws is answered no.
 * @throws when `program` ends meanwhile or after `withinMs`, with the program's last words
 */
export const ready = async (
  name: string,
  program: Running,
  isReady: () => Promise<boolean>,
  withinMs = 120_000,
): Promise<void> => {
  const deadline = Date.now() + withinMs
  let why = 'it never answered'
  for (;;) {
    const answer = await isReady().catch((error: Error) => {
      why = error.message
      return false
    })
    if (answer) return
    const exit = program.exit()
    if (exit !== null) throw new Error(`${name} ended (${exit}):\n${program.lastWords()}`)
    if (Date.now() > deadline) throw new Error(`${name} is not ready: ${why}\n${program.lastWords()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
