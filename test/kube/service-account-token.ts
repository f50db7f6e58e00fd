import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeCluster } from './cluster.ts'

/** s: the API server takes a token for so long after its `exp` (go-jose's leeway for clocks that differ) */
const LEEWAY = 60

/**
 * A token of a service account as TokenRequest makes it, but of any age: signed with the cluster's own key, it stops being accepted in
 * `seconds` (below 0: it was so long ago). The account must exist.
 */
export const serviceAccountToken = async (
  { api, directory }: KubeCluster,
  account: { readonly namespace: string; readonly name: string },
  seconds: number,
): Promise<string> => {
  const { namespace, name } = account
  const { metadata } = await api.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`)
  const now = Math.floor(Date.now() / 1000)
  const issuer = 'https://kubernetes.default.svc'
  const claims = {
    aud: [issuer],
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:${name}`,
    jti: randomUUID(),
    iat: now - 3_600,
    nbf: now - 3_600,
    exp: now + seconds - LEEWAY,
    'kubernetes.io': { namespace, serviceaccount: { name, uid: metadata.uid } },
  }
  const text = [{ alg: 'RS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const key = createPrivateKey(readFileSync(join(directory, 'service-accounts.key')))
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
