import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { environment } from '../kernel/exec.ts'
import { inNetns } from './ip.ts'
import { labMark } from './processes.ts'

/** Somebody else's server inside a namespace of the lab. It goes with the lab, or when it is disposed of. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number
  /** Throws what it said last when it has ended. */
  check(): void
}

export interface DaemonOptions {
  readonly labId: string
  readonly netns: string
  readonly command: readonly string[]
  /** many servers refuse to be root; absent: root */
  readonly user?: string
  /** file for what it says */
  readonly log: string
  /** asks it to end at once and in order; default SIGTERM */
  readonly stopSignal?: NodeJS.Signals
}

/** What puts a command under another user, without the groups of this one; `setpriv` becomes the command. */
export const asUser = (user: string, command: readonly string[]): readonly string[] => [
  'setpriv',
  `--reuid=${user}`,
  `--regid=${user}`,
  '--clear-groups',
  ...command,
]

/** Starts it and does not wait until it serves. */
export const startDaemon = ({ labId, netns, command, user, log, stopSignal = 'SIGTERM' }: DaemonOptions): Daemon => {
  const output = openSync(log, 'a')
  const name = command[0] ?? ''
  let child: ChildProcess
  try {
    child = spawn('ip', inNetns(netns, user === undefined ? command : asUser(user, command)), {
      env: { ...environment(), ...labMark(labId) },
      cwd: '/',
      stdio: ['ignore', output, output],
      // of its own session, so that Ctrl-C reaches only the lab, which then ends what it started
      detached: true,
    })
  } finally {
    closeSync(output)
  }
  const { promise: exited, resolve } = Promise.withResolvers<void>()
  let how: string | undefined
  const end = (words: string): void => {
    how ??= words
    resolve()
  }
  child.on('error', (error) => end(`did not start: ${error.message}`))
  child.on('exit', (code, signal) => end(`ended (${signal ?? `exit ${code}`})`))
  return {
    pid: child.pid ?? -1,
    check() {
      if (how !== undefined) throw new Error(`${name} in ${netns} ${how}; ${log}: ${lastLines(log)}`)
    },
    async [Symbol.asyncDispose]() {
      if (how !== undefined) return
      child.kill(stopSignal)
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(timer)
    },
  }
}

/** '' when the log has gone with its lab. */
const lastLines = (log: string): string => {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ')
  } catch {
    return ''
  }
}
