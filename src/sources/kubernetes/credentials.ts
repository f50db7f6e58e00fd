import { readFile } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import { ApiError } from './errors.ts'
import { type PluginCredential, runPlugin } from './exec-plugin.ts'
import type { Access, Pem, User } from './kubeconfig.ts'

/** What a request needs to be let in. */
export interface Credentials {
  readonly headers: OutgoingHttpHeaders
  readonly tls: TlsMaterial
  readonly plugin: PluginCredential | null
}

/** PEM; undefined: the system's, none */
export interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

/**
 * The credentials of an access as they are now: files are read each time, for tokens and certificates rotate, and a plugin is run
 * when what it gave has expired, or is what the server `refused`.
 */
export type ReadCredentials = (refused: Credentials | null) => Promise<Credentials>

export const readCredentials = (access: Access, wall: () => number): ReadCredentials => {
  const { where, cluster, user } = access
  const plugin = pluginOf(access, wall)
  return async (refused) => {
    const [ca, cert, key, token, given] = await Promise.all([
      pemText(cluster.ca, where),
      pemText(user.certificate, where),
      pemText(user.key, where),
      tokenOf(user, where),
      plugin(refused?.plugin ?? null),
    ])
    return {
      headers: { ...user.impersonation, ...authorization(given?.token || token, user) },
      tls: { ca, cert: given?.certificate || cert, key: given?.key || key },
      plugin: given,
    }
  }
}

/** Rejects where a file that the access names cannot be read now. */
export const checkFiles = async ({ where, cluster, user }: Access): Promise<void> => {
  const pems = [cluster.ca, user.certificate, user.key].map((pem) => pemText(pem, where))
  await Promise.all([...pems, tokenOf(user, where)])
}

/** A plugin's credential is not used in the last ms of its life, which the request would outlive. */
const expiryMargin = 10_000

/** Many who ask at once run it once. */
const pluginOf = (
  { where, cluster, user: { exec } }: Access,
  wall: () => number,
): ((refused: PluginCredential | null) => Promise<PluginCredential | null>) => {
  let running: Promise<PluginCredential> | null = null
  let held: PluginCredential | null = null
  return async (refused) => {
    if (exec === null) return null
    if (running !== null) return running
    if (held !== null && held !== refused && held.expires - wall() > expiryMargin) return held
    running = pemText(cluster.ca, where).then((ca) => runPlugin(exec, clusterInfo(cluster, ca)))
    try {
      held = await running
      return held
    } finally {
      running = null
    }
  }
}

const authorization = (token: string, { username, password }: User): OutgoingHttpHeaders => {
  if (token !== '') return { authorization: `Bearer ${token}` }
  if (username === '') return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

const tokenOf = async ({ token, tokenFile }: User, where: string): Promise<string> =>
  tokenFile === '' ? token.trim() : (await readText(tokenFile, where)).trim()

const pemText = async (pem: Pem | null, where: string): Promise<string | undefined> => {
  if (pem === null) return undefined
  return 'text' in pem ? pem.text : readText(pem.file, where)
}

const readText = async (file: string, where: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'Credentials'
    throw new ApiError(`${file}, which ${where} names, cannot be read (${reason}): put it there, or correct the path`, {
      reason: 'Credentials',
      cause: error,
    })
  }
}

const clusterInfo = (cluster: Access['cluster'], ca: string | undefined): Record<string, unknown> => ({
  server: cluster.server,
  ...(cluster.tlsServerName === '' ? {} : { 'tls-server-name': cluster.tlsServerName }),
  ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
  ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
  ...(cluster.proxyUrl === '' ? {} : { 'proxy-url': cluster.proxyUrl }),
})
