import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { KubeconfigError } from './errors.ts'
import { type Access, type KubeconfigFile, nobody, parseKubeconfig } from './kubeconfig.ts'

export interface AccessOptions {
  /** file; default: $KUBECONFIG, the pod's service account, ~/.kube/config: the first that is there */
  readonly kubeconfig?: string | undefined
  /** default: the kubeconfig's current one */
  readonly context?: string | undefined
  /** URL that wins over the kubeconfig's `server`; alone it is asked without credentials */
  readonly master?: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Rejects with a KubeconfigError where there is none, or it cannot be used. */
export const findAccess = async (
  { kubeconfig = '', context = '', master = '' }: AccessOptions,
  env: Environment = process.env,
  directory = serviceAccount,
): Promise<Access> => {
  const access = await locate(kubeconfig, context, master, { env, directory })
  if (master === '') return access
  if (!/^https?:\/\/./.test(master) || !URL.canParse(master))
    throw new KubeconfigError(`--master must be a URL like https://10.0.0.1:6443, not ${JSON.stringify(master)}`)
  return { ...access, cluster: { ...access.cluster, server: master } }
}

const locate = async (
  kubeconfig: string,
  context: string,
  master: string,
  { env, directory }: { readonly env: Environment; readonly directory: string },
): Promise<Access> => {
  if (kubeconfig !== '') return readFiles([kubeconfig], context)
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  if (named.length > 0) return readFiles(named, context)
  if (existsSync(join(directory, 'token'))) return inCluster(env, directory)
  const own = join(homedir(), '.kube', 'config')
  if (existsSync(own)) return readFiles([own], context)
  if (master !== '') return { ...bare, where: '--master' }
  throw new KubeconfigError(
    `no API server is known: give --kubeconfig FILE, or run in a pod with a service account (neither $KUBECONFIG, ${directory}/token nor ${own} is there)`,
  )
}

/** Several files, as $KUBECONFIG may name them, count as one. Those that are not there are passed over, as kubectl does, unless none is. */
const readFiles = async (files: readonly string[], context: string): Promise<Access> => {
  const found: KubeconfigFile[] = []
  let missing: unknown
  for (const file of files) {
    try {
      found.push({ content: await readFile(file), file })
    } catch (error) {
      if (files.length === 1 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(error)
      missing ??= error
    }
  }
  if (found.length === 0) throw unreadable(missing)
  return parseKubeconfig(found, context)
}

const unreadable = (cause: unknown): KubeconfigError =>
  new KubeconfigError(`the kubeconfig cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  })

const bare: Access = {
  where: '',
  cluster: { server: '', ca: null, insecure: false, tlsServerName: '', proxyUrl: '' },
  user: nobody,
  files: [],
  context: '',
}

const inCluster = (env: Environment, directory: string): Access => {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host === '')
    throw new KubeconfigError(
      `${directory} is there, but KUBERNETES_SERVICE_HOST is not set: set it and KUBERNETES_SERVICE_PORT, or give --kubeconfig`,
    )
  return {
    ...bare,
    where: 'the service account',
    cluster: {
      ...bare.cluster,
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: { file: join(directory, 'ca.crt') },
    },
    user: { ...nobody, tokenFile: join(directory, 'token') },
  }
}
