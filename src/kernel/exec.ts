import { spawn } from 'node:child_process'

/** A command that failed: what was run, how it ended, what it said. */
export class CommandError extends Error {
  readonly command: string
  readonly stderr: string
  constructor(command: string, how: string, stderr: string) {
    super(`${command}: ${how}${stderr === '' ? '' : `: ${stderr}`}`)
    this.name = 'CommandError'
    this.command = command
    this.stderr = stderr
  }
}

export interface ExecOptions {
  /** for its stdin, default nothing */
  readonly input?: string
  /** default 20,000 */
  readonly timeoutMs?: number
  /** exit codes besides 0 that are answers, not failures */
  readonly accept?: readonly number[]
  readonly signal?: AbortSignal
}

/** The environment with the folders where distributions keep `ip`. */
export const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
})

/** Runs a command to its end and answers its stdout. Throws CommandError when it cannot start, fails or takes too long. */
export const exec = async (command: string, args: readonly string[], options: ExecOptions = {}): Promise<string> =>
  (await execCode(command, args, options)).stdout

/** As `exec`, with the exit code. */
export const execCode = (
  command: string,
  args: readonly string[],
  { input = '', timeoutMs = 20_000, accept = [], signal }: ExecOptions = {},
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ stdout: string; stderr: string; code: number }>()
  const shown = [command, ...args].join(' ')
  const child = spawn(command, args, {
    env: environment(),
    stdio: 'pipe',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // a command that ends without reading its input is judged by its exit code
  child.stdin.on('error', () => {}).end(input)
  child.on('error', (error) => reject(new CommandError(shown, error.message, '')))
  child.on('close', (code, killed) => {
    const fine = code !== null && (code === 0 || accept.includes(code))
    if (fine) resolve({ stdout, stderr, code })
    else
      reject(
        new CommandError(
          shown,
          code === null ? `ended by ${killed} (limit ${timeoutMs} ms)` : `exit ${code}`,
          stderr.trim(),
        ),
      )
  })
  return promise
}
