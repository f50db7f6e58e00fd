import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AgentStatus } from '../../src/agent/status/status.ts'
import { execCode } from '../../src/kernel/exec.ts'
import { run, type Running } from './processes.ts'

const evenkeel = fileURLToPath(new URL('../../bin/evenkeel', import.meta.url))

/** A line of the agent's log. */
export interface LogLine {
  readonly level: string | number
  readonly msg: string
  readonly [field: string]: unknown
}

/** `evenkeel run --source kubernetes` as a user runs it, out of dist, in this process's network namespace. */
export interface TestAgent extends AsyncDisposable {
  readonly pid: number
  /** null while it runs */
  exit(): string | null
  /** `evenkeel status -o json`. Throws what it said where no agent answers. */
  status(): Promise<AgentStatus>
  /** what it has logged so far; text that is no JSON is `{level: 'text', msg}` */
  log(): readonly LogLine[]
  kill(signal: NodeJS.Signals): Promise<void>
}

/** `name` keeps the logs of several apart; `env` comes on top of ours. Resolves at once. */
export const startAgent = (
  directory: string,
  name: string,
  kubeconfig: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): TestAgent => {
  const log = join(directory, `${name}.log`)
  const flags = ['run', '--source', 'kubernetes', '--kubeconfig', kubeconfig, '--node', 'node-a', '--plane', 'nftables']
  const program: Running = run(evenkeel, [...flags, ...args], log, env)
  return {
    pid: program.pid,
    exit: () => program.exit(),
    status: async () => {
      const { stdout, stderr } = await execCode(evenkeel, ['status', '-o', 'json'], { accept: [1, 2] })
      if (stdout === '') throw new Error(`evenkeel status: ${stderr.trim()}\n${program.lastWords()}`)
      return JSON.parse(stdout) as AgentStatus
    },
    log: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(parse),
    kill: (signal) => program.kill(signal),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

const parse = (line: string): LogLine => {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { level: 'text', msg: line }
  }
}
