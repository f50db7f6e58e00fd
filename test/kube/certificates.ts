import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** A certificate authority whose files lie in one directory. Needs `openssl`. */
export interface Authority extends Certificate {
  /** its certificate, PEM */
  readonly pem: string
  /** For a server: names its addresses. */
  forServer(name: string, addresses: readonly string[]): Certificate
  /** For a client: the API server takes CN as the user and O as the groups. `days` below 0: expired. */
  forClient(name: string, user: string, groups: readonly string[], days?: number): Certificate
}

/** Makes a new authority; two of the same name in different directories do not trust each other. */
export const createAuthority = (directory: string, name: string): Authority => {
  const own = selfSigned(directory, name)
  const issue = (leaf: string, subject: string, usage: string, names: readonly string[], days: number): Certificate => {
    const paths = { certificate: join(directory, `${leaf}.crt`), key: join(directory, `${leaf}.key`) }
    const request = openssl(['req', ...newKey, '-keyout', paths.key, '-subj', subject])
    const extensions = join(directory, `${leaf}.ext`)
    const alternatives = names.length > 0 ? `subjectAltName=${names.join(',')}\n` : ''
    writeFileSync(extensions, `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${usage}\n${alternatives}`)
    const signed = ['-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial', '-extfile', extensions]
    openssl(['x509', '-req', ...signed, '-days', String(days), '-out', paths.certificate], request)
    return paths
  }
  return {
    ...own,
    pem: readFileSync(own.certificate, 'utf8'),
    forServer: (leaf, addresses) =>
      issue(leaf, `/CN=${leaf}`, 'serverAuth', ['DNS:localhost', ...addresses.map((ip) => `IP:${ip}`)], 7),
    forClient: (leaf, user, groups, days = 7) =>
      issue(leaf, `${groups.map((group) => `/O=${group}`).join('')}/CN=${user}`, 'clientAuth', [], days),
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const selfSigned = (directory: string, name: string): Certificate => {
  const paths = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) }
  openssl(['req', '-x509', ...newKey, '-keyout', paths.key, '-out', paths.certificate, '-subj', `/CN=${name}`])
  return paths
}

const openssl = (args: readonly string[], input?: string): string =>
  execFileSync('openssl', args, {
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 30_000,
    ...(input !== undefined && { input }),
  })
