import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Api } from './api.ts'
import { binaries } from './binaries.ts'
import type { Authority } from './certificates.ts'
import { ready, run, type Running } from './processes.ts'

/** A user of the API server who shows a bearer token. */
export interface TokenUser {
  readonly token: string
  readonly name: string
  readonly groups: readonly string[]
}

export interface ApiserverOptions {
  readonly directory: string
  readonly port: number
  readonly etcd: string
  readonly authority: Authority
  readonly addresses: readonly string[]
  readonly serviceCIDRs: readonly string[]
  readonly users: readonly TokenUser[]
  /** `--name=value`, after ours, so that they win */
  readonly flags: readonly string[]
}

/** Writes what the API server reads and answers its arguments, the same for every start. */
export const apiserverArguments = (options: ApiserverOptions): readonly string[] => {
  const { directory, authority, users } = options
  const at = (name: string): string => join(directory, name)
  const { certificate, key } = authority.forServer('apiserver', options.addresses)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  writeFileSync(at('service-accounts.key'), privateKey)
  writeFileSync(at('service-accounts.pub'), publicKey)
  writeFileSync(at('tokens.csv'), users.map(tokenLine).join(''))
  // an address to advertise must not be loopback; without one nothing is published for default/kubernetes
  const advertised = options.addresses.find((address) => !address.startsWith('127.') && address !== '::1')
  const flags = {
    'etcd-servers': options.etcd,
    'etcd-compaction-interval': '0',
    'bind-address': '0.0.0.0',
    'secure-port': String(options.port),
    'advertise-address': advertised ?? '192.0.2.1',
    'endpoint-reconciler-type': advertised === undefined ? 'none' : 'lease',
    'service-cluster-ip-range': options.serviceCIDRs.join(','),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': at('service-accounts.pub'),
    'service-account-signing-key-file': at('service-accounts.key'),
    'tls-cert-file': certificate,
    'tls-private-key-file': key,
    'client-ca-file': authority.certificate,
    'cert-dir': directory,
    'token-auth-file': at('tokens.csv'),
    'authorization-mode': 'RBAC',
    // there is no controller that would make the accounts
    'disable-admission-plugins': 'ServiceAccount',
    'shutdown-delay-duration': '0s',
    profiling: 'false',
  }
  return [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...options.flags]
}

const tokenLine = ({ token, name, groups }: TokenUser): string => `${token},${name},${name},"${groups.join(',')}"\n`

/** Resolves when it says that it is ready, some four seconds later. */
export const startApiserver = async (directory: string, args: readonly string[], api: Api): Promise<Running> => {
  const program = run(binaries.kubeApiserver, args, join(directory, 'kube-apiserver.log'))
  try {
    await ready('kube-apiserver', program, async () => (await api.text('/readyz', 3_000)) === 'ok')
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
  return program
}
