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
  /** kubeconfig and context, for those who must read it again; '' in a pod */
  readonly file: string
  readonly context: string
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

/** The access that a context of the kubeconfig gives; '' is its current context. Throws a KubeconfigError that names the field. */
export const parseKubeconfig = (content: Buffer, file: string, contextName = ''): Access => {
  const raw = onlyDocument(content, file)
  const faults = new Faults()
  const contexts = named(raw, 'contexts', 'context', faults)
  const name = contextName || readString(raw, 'current-context', faults) || onlyOne(contexts, file)
  const context = contexts.get(name)
  if (context === undefined)
    throw new KubeconfigError(`${file}: there is no context ${JSON.stringify(name)}: ${choice(contexts, 'contexts')}`)
  const cluster = pick(raw, 'clusters', 'cluster', readString(context, 'cluster', faults), { file, faults })
  const userName = readString(context, 'user', faults)
  const user = userName === '' ? {} : pick(raw, 'users', 'user', userName, { file, faults })
  const directory = dirname(resolve(file))
  const access = {
    where: file,
    cluster: readCluster(cluster, directory, faults),
    user: readUser(user, directory, faults),
    file: resolve(file),
    context: name,
  }
  const [problem] = faults.problems('', () => file)
  if (problem) throw new KubeconfigError(`${file}: ${problem.field}: ${problem.message}`)
  return access
}

const onlyDocument = (content: Buffer, file: string): Raw => {
  const [document] = documentsOf(content, file)
  if (document === undefined) throw new KubeconfigError(`${file}: is empty: give a kubeconfig`)
  if (isProblem(document)) throw new KubeconfigError(`${document.where}: ${document.message}`)
  const { value } = document
  if (!isRaw(value) || !('clusters' in value) || !('contexts' in value))
    throw new KubeconfigError(`${file}: is no kubeconfig: it has no clusters and contexts`)
  return value
}

/** `[{name, cluster: {…}}, …]` by name; of two with one name the first counts, as in kubectl. */
const named = (raw: Raw, list: string, key: string, faults: Faults): Map<string, Raw> => {
  const found = new Map<string, Raw>()
  for (const [index, item] of readItems(raw, list, faults).entries()) {
    if (!isRaw(item) || typeof item['name'] !== 'string') faults.add(list, `entry ${index} must be a map with a name`)
    else if (!found.has(item['name'])) found.set(item['name'], readMap(item, key, faults))
  }
  return found
}

const pick = (
  raw: Raw,
  list: string,
  key: string,
  name: string,
  { file, faults }: { readonly file: string; readonly faults: Faults },
): Raw => {
  const entries = named(raw, list, key, faults)
  const entry = entries.get(name)
  if (entry !== undefined) return entry
  throw new KubeconfigError(
    `${file}: the context names the ${key} ${JSON.stringify(name)}, which is not there: ${choice(entries, list)}`,
  )
}

const onlyOne = (contexts: ReadonlyMap<string, Raw>, file: string): string => {
  const [name, ...others] = contexts.keys()
  if (name !== undefined && others.length === 0) return name
  throw new KubeconfigError(`${file}: no current-context is set: give --context NAME, ${choice(contexts, 'contexts')}`)
}

const choice = (entries: ReadonlyMap<string, Raw>, list: string): string =>
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
