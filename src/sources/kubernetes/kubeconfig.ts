import { dirname, isAbsolute, join, resolve } from 'node:path'
import { documentsOf, isProblem } from '../documents.ts'
import { Faults } from '../faults.ts'
import { inMap, isRaw, type Raw, readBoolean, readItems, readMap, readString } from '../fields.ts'
import { KubeconfigError } from './errors.ts'
import { type ExecPlugin, readExec } from './exec-config.ts'

/** PEM text, or the file that has it, read whenever it is needed. */
export type Pem = { readonly text: string } | { readonly file: string }

export interface Cluster {
  /** URL */
  readonly server: string
  /** null: the system's */
  readonly ca: Pem | null
  readonly insecure: boolean
  /** '' the server's own name */
  readonly tlsServerName: string
  /** '' none */
  readonly proxyUrl: string
}

export interface User {
  readonly certificate: Pem | null
  readonly key: Pem | null
  readonly token: string
  /** wins over `token`; '' none */
  readonly tokenFile: string
  readonly username: string
  readonly password: string
  /** headers that ask to act as somebody else */
  readonly impersonation: Readonly<Record<string, string | string[]>>
  readonly exec: ExecPlugin | null
  /** name of the old way of plugins: oidc, gcp, azure; '' none */
  readonly authProvider: string
}

/** One way into one cluster. */
export interface Access {
  /** what the user calls it in messages, e.g. `/etc/kubernetes/proxy.conf` */
  readonly where: string
  readonly cluster: Cluster
  readonly user: User
  /** kubeconfigs and context, for those who must read them again; none in a pod */
  readonly files: readonly string[]
  readonly context: string
}

export interface KubeconfigFile {
  readonly content: Buffer
  /** as the user calls it; relative paths inside are relative to its directory */
  readonly file: string
}

export const nobody: User = {
  certificate: null,
  key: null,
  token: '',
  tokenFile: '',
  username: '',
  password: '',
  impersonation: {},
  exec: null,
  authProvider: '',
}

/**
 * The access that a context gives; '' is the current one. Of several files each name counts where it stands first, and so does
 * `current-context` (client-go's clientcmd). Throws a KubeconfigError that names file and field.
 */
export const parseKubeconfig = (files: readonly KubeconfigFile[], contextName = ''): Access => {
  const faults = new Faults()
  const parts = files.map(({ content, file }) => ({ file, raw: onlyDocument(content, file) }))
  const where = files.map(({ file }) => file).join(', ')
  const contexts = named(parts, 'contexts', 'context', faults)
  const current = parts.map(({ raw }) => readString(raw, 'current-context', faults)).find((name) => name !== '')
  const name = contextName || (current ?? onlyOne(contexts, where))
  const context = contexts.get(name)
  if (context === undefined)
    throw new KubeconfigError(`${where}: there is no context ${JSON.stringify(name)}: ${choice(contexts, 'contexts')}`)
  const cluster = pick(named(parts, 'clusters', 'cluster', faults), 'cluster', context, faults)
  const userName = readString(context.value, 'user', faults)
  const user =
    userName === '' ? { ...context, value: {} } : pick(named(parts, 'users', 'user', faults), 'user', context, faults)
  const access = {
    where,
    cluster: readCluster(cluster.value, directoryOf(cluster), faults),
    user: readUser(user.value, directoryOf(user), faults),
    files: files.map(({ file }) => resolve(file)),
    context: name,
  }
  const [problem] = faults.problems('', () => where)
  if (problem) throw new KubeconfigError(`${where}: ${problem.field}: ${problem.message}`)
  return access
}

interface Part {
  readonly file: string
  readonly raw: Raw
}

/** What a name stands for, and the file that says so. */
interface Entry {
  readonly file: string
  readonly value: Raw
}

const directoryOf = ({ file }: Entry): string => dirname(resolve(file))

const onlyDocument = (content: Buffer, file: string): Raw => {
  const [document] = documentsOf(content, file)
  if (document === undefined) throw new KubeconfigError(`${file}: is empty: give a kubeconfig`)
  if (isProblem(document)) throw new KubeconfigError(`${document.where}: ${document.message}`)
  const { value } = document
  // one of several may hold the users alone
  if (!isRaw(value) || !['clusters', 'contexts', 'users', 'current-context'].some((field) => field in value))
    throw new KubeconfigError(`${file}: is no kubeconfig: it has no clusters, contexts or users`)
  return value
}

/** `[{name, cluster: {…}}, …]` by name; of two with one name the first counts, as in kubectl. */
const named = (parts: readonly Part[], list: string, key: string, faults: Faults): Map<string, Entry> => {
  const found = new Map<string, Entry>()
  for (const { file, raw } of parts)
    for (const [index, item] of readItems(raw, list, faults).entries()) {
      if (!isRaw(item) || typeof item['name'] !== 'string')
        faults.add(list, `entry ${index} of ${file} must be a map with a name`)
      else if (!found.has(item['name'])) found.set(item['name'], { file, value: readMap(item, key, faults) })
    }
  return found
}

const pick = (entries: ReadonlyMap<string, Entry>, key: string, context: Entry, faults: Faults): Entry => {
  const name = readString(context.value, key, faults)
  const entry = entries.get(name)
  if (entry !== undefined) return entry
  throw new KubeconfigError(
    `${context.file}: the context names the ${key} ${JSON.stringify(name)}, which is not there: ${choice(entries, `${key}s`)}`,
  )
}

const onlyOne = (contexts: ReadonlyMap<string, Entry>, where: string): string => {
  const [name, ...others] = contexts.keys()
  if (name !== undefined && others.length === 0) return name
  throw new KubeconfigError(`${where}: no current-context is set: give --context NAME, ${choice(contexts, 'contexts')}`)
}

const choice = (entries: ReadonlyMap<string, Entry>, list: string): string =>
  entries.size === 0 ? `it has no ${list}` : `${list} are ${[...entries.keys()].slice(0, 20).join(', ')}`

const readCluster = (raw: Raw, directory: string, faults: Faults): Cluster => {
  const server = readString(raw, 'server', faults)
  if (!/^https?:\/\/./.test(server) || !URL.canParse(server))
    faults.add('server', `must be a URL like https://10.0.0.1:6443, not ${JSON.stringify(server)}`)
  return {
    server,
    ca: readPem(raw, 'certificate-authority', directory, faults),
    insecure: readBoolean(raw, 'insecure-skip-tls-verify', faults, false),
    tlsServerName: readString(raw, 'tls-server-name', faults),
    proxyUrl: readString(raw, 'proxy-url', faults),
  }
}

const readUser = (raw: Raw, directory: string, faults: Faults): User => {
  const tokenFile = readString(raw, 'tokenFile', faults)
  return {
    certificate: readPem(raw, 'client-certificate', directory, faults),
    key: readPem(raw, 'client-key', directory, faults),
    token: readString(raw, 'token', faults),
    tokenFile: tokenFile === '' ? '' : absolute(tokenFile, directory),
    username: readString(raw, 'username', faults),
    password: readString(raw, 'password', faults),
    impersonation: readImpersonation(raw, faults),
    exec: readExec(raw, directory, faults),
    authProvider: inMap(raw, 'auth-provider', faults, (provider) => readString(provider, 'name', faults)),
  }
}

/** `key-data` in base64 wins over the file under `key`. */
const readPem = (raw: Raw, key: string, directory: string, faults: Faults): Pem | null => {
  const data = readString(raw, `${key}-data`, faults)
  if (data !== '') {
    const text = Buffer.from(data, 'base64').toString()
    if (!text.includes('-----BEGIN ')) faults.add(`${key}-data`, 'must be PEM in base64')
    return { text }
  }
  const file = readString(raw, key, faults)
  return file === '' ? null : { file: absolute(file, directory) }
}

const readImpersonation = (raw: Raw, faults: Faults): User['impersonation'] => {
  const headers: Record<string, string | string[]> = {}
  const user = readString(raw, 'as', faults)
  if (user !== '') headers['Impersonate-User'] = user
  const uid = readString(raw, 'as-uid', faults)
  if (uid !== '') headers['Impersonate-Uid'] = uid
  const groups = readItems(raw, 'as-groups', faults).map(String)
  if (groups.length > 0) headers['Impersonate-Group'] = groups
  const extra = readMap(raw, 'as-user-extra', faults)
  for (const key of Object.keys(extra))
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = readItems(extra, key, faults).map(String)
  return headers
}

const absolute = (file: string, directory: string): string => (isAbsolute(file) ? file : join(directory, file))
