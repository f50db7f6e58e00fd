import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'

/** A command that failed: what was run, how it ended, what it said. */
export class CommandError extends Error {
  readonly command: string
  readonly stderr: string
  /** null: it did not start, was ended, or took too long */
  readonly code: number | null
  constructor(command: string, how: string, stderr: string, code: number | null = null) {
    super(`${command}: ${how}${stderr === '' ? '' : `: ${stderr}`}`)
    this.name = 'CommandError'
    this.command = command
    this.stderr = stderr
    this.code = code
  }
}

export interface ExecOptions {
  /** for its stdin, default nothing; pieces are made as it reads them */
  readonly input?: string | Iterable<string>
  /** hears stdout as it comes; the answer's stdout is '' then */
  readonly onStdout?: (text: string) => void
  /** its process id, once it runs */
  readonly onStart?: (pid: number) => void
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
  { input = '', timeoutMs = 20_000, accept = [], signal, onStdout, onStart }: ExecOptions = {},
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
  if (child.pid !== undefined) onStart?.(child.pid)
  child.stdout.setEncoding('utf8').on('data', onStdout ?? ((text: string) => (stdout += text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // a command that ends without reading its input is judged by its exit code
  child.stdin.on('error', () => {})
  if (typeof input === 'string') child.stdin.end(input)
  else Readable.from(input).pipe(child.stdin)
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
          code,
        ),
      )
  })
  return promise
}
