import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { environment } from '../kernel/exec.ts'
import { inNetns } from './ip.ts'
import { labMark } from './processes.ts'
import { scriptPath } from './program.ts'

/** A Node script of this folder that runs inside a network namespace and answers JSON lines. */
export interface Remote {
  readonly pid: number
  /** Throws what the script threw, or that it ended or did not answer in time (default 20,000 ms). */
  request<T>(op: string, request?: object, timeoutMs?: number): Promise<T>
  /** lets it outlive this process */
  release(): void
  /** ends it, at once */
  kill(): Promise<void>
}

export interface RemoteOptions {
  readonly labId: string
  readonly netns: string
  /** module name in this folder, e.g. `pod-server` */
  readonly script: string
  readonly config: object
  /** file for its stderr */
  readonly log: string
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

const launch = ({ labId, netns, script, config, log }: RemoteOptions): ChildProcess => {
  const stderr = openSync(log, 'a')
  try {
    return spawn('ip', inNetns(netns, [process.execPath, scriptPath(script), JSON.stringify(config)]), {
      env: { ...environment(), ...labMark(labId) },
      stdio: ['pipe', 'pipe', stderr],
      // of its own session, so that Ctrl-C reaches only the lab, which then ends what it started
      detached: true,
    })
  } finally {
    closeSync(stderr)
  }
}

/** '' when the log has gone with its lab. */
const lastLine = (log: string): string => {
  try {
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? ''
  } catch {
    return ''
  }
}

export const startRemote = (options: RemoteOptions): Remote => {
  const child = launch(options)
  const waiting = new Map<number, Waiting>()
  const { promise: exited, resolve: markExited } = Promise.withResolvers<void>()
  let ended: Error | undefined
  let lastId = 0
  const end = (how: string): void => {
    ended ??= new Error(`${options.script} in ${options.netns} ${how}; ${options.log}: ${lastLine(options.log)}`)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
    markExited()
  }
  child.on('error', (error) => end(`did not start: ${error.message}`))
  child.on('exit', (code, signal) => end(`ended (${signal ?? `exit ${code}`})`))
  child.stdin?.on('error', () => {})
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string }
      const one = waiting.get(id)
      waiting.delete(id)
      if (error === undefined) one?.resolve(result)
      else one?.reject(new Error(`${options.script} in ${options.netns}: ${error}`))
    })
  return {
    pid: child.pid ?? -1,
    async request<T>(op: string, request: object = {}, timeoutMs = 20_000): Promise<T> {
      if (ended !== undefined) throw ended
      const id = ++lastId
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(id, { resolve, reject })
      const timer = setTimeout(() => {
        waiting.delete(id)
        reject(new Error(`${options.script} in ${options.netns}: no answer to ${op} within ${timeoutMs} ms`))
      }, timeoutMs)
      child.stdin?.write(`${JSON.stringify({ id, op, ...request })}\n`)
      try {
        return (await promise) as T
      } finally {
        clearTimeout(timer)
      }
    },
    release() {
      child.stdin?.destroy()
      child.stdout?.destroy()
      child.unref()
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
