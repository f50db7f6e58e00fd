/** One cluster, one user, one context, all named `test`. */
export interface KubeconfigOptions {
  readonly server: string
  /** PEM; absent: the system's authorities */
  readonly ca?: string
  readonly insecure?: boolean
  readonly token?: string
  /** replaces the token by anything else, e.g. `{ exec: … }` or `{ 'client-certificate': … }` */
  readonly user?: Readonly<Record<string, unknown>>
}

/** The file's text: JSON, which is YAML. */
export const kubeconfigText = ({ server, ca, insecure = false, token, user }: KubeconfigOptions): string => {
  const trust = insecure
    ? { 'insecure-skip-tls-verify': true }
    : ca === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, ...trust } }],
    users: [{ name: 'test', user: user ?? (token === undefined ? {} : { token }) }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  }
  return `${JSON.stringify(config, null, 1)}\n`
}
