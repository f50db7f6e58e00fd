import { spawn } from 'node:child_process'
import { isRaw } from '../fields.ts'
import { ApiError } from './errors.ts'
import type { ExecPlugin } from './exec-config.ts'

/** What a plugin gave. */
export interface PluginCredential {
  /** '' none */
  readonly token: string
  /** PEM, '' none */
  readonly certificate: string
  readonly key: string
  /** ms since the epoch, Infinity: until it is refused */
  readonly expires: number
}

/** ms that a plugin may take */
const pluginTime = 60_000
const outputLimit = 1 << 20

/** Runs the plugin. Rejects with an ApiError (status 0) that names the command, and says what it wrote to stderr. */
export const runPlugin = async (
  plugin: ExecPlugin,
  cluster: Readonly<Record<string, unknown>>,
): Promise<PluginCredential> => {
  const { command, apiVersion, provideClusterInfo } = plugin
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster } : {}) }
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec })
  const output = await outputOf(plugin, info)
  try {
    return readCredential(JSON.parse(output), plugin)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError(`the credential plugin ${command} wrote no JSON: run it by hand to see what it says`, {
      reason: 'ExecPlugin',
    })
  }
}

const outputOf = (plugin: ExecPlugin, info: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { command, args, env, installHint } = plugin
    const fail = (what: string): void =>
      reject(new ApiError(`the credential plugin ${command} ${what}`, { reason: 'ExecPlugin' }))
    const child = spawn(command, args, {
      env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: pluginTime,
      killSignal: 'SIGKILL',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.length > outputLimit) child.kill('SIGKILL')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-2000)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      const hint = installHint === '' ? 'install it, or name its path' : installHint.trim()
      fail(error.code === 'ENOENT' ? `is not there: ${hint}` : `cannot be started: ${error.message}`)
    })
    child.on('close', (code, signal) => {
      const said = stderr.trim() === '' ? '' : `: ${stderr.trim().split('\n').at(-1)?.slice(0, 300)}`
      if (signal !== null) fail(`was killed by ${signal} (it may take ${pluginTime / 1000} s and write 1 MiB)${said}`)
      else if (code !== 0) fail(`failed with exit code ${code}${said}`)
      else resolve(stdout)
    })
  })

const readCredential = (raw: unknown, { command, apiVersion }: ExecPlugin): PluginCredential => {
  const refuse = (what: string): never => {
    throw new ApiError(`the credential plugin ${command} ${what}`, { reason: 'ExecPlugin' })
  }
  if (!isRaw(raw) || raw['kind'] !== 'ExecCredential') return refuse('wrote no ExecCredential')
  if (raw['apiVersion'] !== apiVersion)
    return refuse(`answers in ${String(raw['apiVersion'])}, the kubeconfig asks for ${apiVersion}: make them agree`)
  const status = raw['status']
  if (!isRaw(status)) return refuse('wrote an ExecCredential without a status')
  const text = (key: string): string => (typeof status[key] === 'string' ? status[key] : '')
  const [token, certificate, key] = [text('token'), text('clientCertificateData'), text('clientKeyData')]
  if (token === '' && (certificate === '' || key === ''))
    return refuse('wrote neither a token nor a client certificate with its key')
  const expires =
    text('expirationTimestamp') === '' ? Number.POSITIVE_INFINITY : Date.parse(text('expirationTimestamp'))
  return { token, certificate, key, expires: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires }
}
