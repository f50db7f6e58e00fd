import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec } from '../../src/kernel/exec.ts'
import { type Api, openApi } from './api.ts'
import { apiserverArguments, startApiserver, type TokenUser } from './apiserver.ts'
import { binaries } from './binaries.ts'
import { type Authority, createAuthority } from './certificates.ts'
import { startEtcd } from './etcd.ts'
import { freePort } from './free-port.ts'
import { type KubeconfigOptions, kubeconfigText } from './kubeconfig.ts'
import type { Running } from './processes.ts'

export interface ClusterOptions {
  /**
   * Addresses at which the API server is reached: its certificate names them; it listens on all. The first that is not loopback is
   * published as the endpoint of Service default/kubernetes. Default 127.0.0.1, and no such endpoint.
   */
  readonly addresses?: readonly string[]
  /** default 10.96.0.0/16 and fd00:10:96::/112 */
  readonly serviceCIDRs?: readonly string[]
  /** further users with bearer tokens; RBAC gives them nothing by itself */
  readonly users?: readonly TokenUser[]
  /** further flags of kube-apiserver, such as `--runtime-config=…` */
  readonly apiserverFlags?: readonly string[]
  /** default: the one that was built with the API server. Debian's 3.4 (`etcd`) cannot stream lists */
  readonly etcd?: string
}

/**
 * A real kube-apiserver 1.36 with RBAC and etcd, without nodes. Everything runs in the calling process's network namespace
 * and ends with it, killed or not; disposing removes the files too.
 */
export interface KubeCluster extends AsyncDisposable {
  /** https://127.0.0.1:PORT */
  readonly url: string
  readonly port: number
  /** PEM */
  readonly ca: string
  readonly authority: Authority
  /** in group system:masters */
  readonly adminToken: string
  /** path of the administrator's */
  readonly kubeconfig: string
  /** for files of the test's own; removed with the cluster */
  readonly directory: string
  readonly bin: typeof binaries
  /** with the administrator's rights */
  readonly api: Api
  /** Path of a new file; what is not given is the administrator's. */
  kubeconfigFor(options?: Partial<KubeconfigOptions>): Promise<string>
  /** Runs the real kubectl as administrator; answers stdout. Throws what it said. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>
  /** SIGKILL */
  killApiserver(): Promise<void>
  /** at the same port; resolves when it is ready */
  startApiserver(): Promise<void>
  /** both */
  restartApiserver(): Promise<void>
  /**
   * Makes every earlier resourceVersion too old for etcd. A running API server still serves them from its watch cache; restarted, it
   * answers 410. Answers etcd's revision.
   */
  compact(): Promise<number>
}

/** Resolves when the API server is ready, some five seconds later. Throws with the last words of what did not start. */
export const startCluster = async (options: ClusterOptions = {}): Promise<KubeCluster> => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-kube-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const authority = createAuthority(directory, 'ca')
  const etcd = stack.use(await startEtcd(directory, options.etcd ?? binaries.etcd))
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const adminToken = randomBytes(16).toString('hex')
  const api = stack.use(openApi(url, authority.pem, adminToken))
  const args = apiserverArguments({
    directory,
    port,
    etcd: etcd.url,
    authority,
    addresses: [...new Set(['127.0.0.1', ...(options.addresses ?? [])])],
    serviceCIDRs: options.serviceCIDRs ?? ['10.96.0.0/16', 'fd00:10:96::/112'],
    users: [{ token: adminToken, name: 'admin', groups: ['system:masters'] }, ...(options.users ?? [])],
    flags: options.apiserverFlags ?? [],
  })
  let apiserver: Running | null = await startApiserver(directory, args, api)
  const killApiserver = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    await apiserver?.kill(signal)
    apiserver = null
  }
  stack.defer(() => killApiserver())
  const start = async (): Promise<void> => void (apiserver ??= await startApiserver(directory, args, api))

  let files = 0
  const kubeconfigFor = async (changes: Partial<KubeconfigOptions> = {}): Promise<string> => {
    const path = join(directory, `kubeconfig-${files++}`)
    await writeFile(path, kubeconfigText({ server: url, ca: authority.pem, token: adminToken, ...changes }))
    return path
  }
  const kubeconfig = await kubeconfigFor()
  const cache = `--cache-dir=${join(directory, 'kubectl')}`
  const resources = stack.move()
  return {
    url,
    port,
    ca: authority.pem,
    authority,
    adminToken,
    kubeconfig,
    directory,
    bin: binaries,
    api,
    kubeconfigFor,
    kubectl: (args, stdin) =>
      exec(binaries.kubectl, ['--kubeconfig', kubeconfig, cache, ...args], {
        timeoutMs: 60_000,
        ...(stdin !== undefined && { input: stdin }),
      }),
    killApiserver: () => killApiserver(),
    startApiserver: start,
    async restartApiserver() {
      await killApiserver()
      await start()
    },
    compact: () => etcd.compact(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
