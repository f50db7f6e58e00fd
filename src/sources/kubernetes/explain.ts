import { isRaw, type Raw } from '../fields.ts'
import { ApiError } from './errors.ts'

/** What a failure is told with: where the request went and where its credentials are from. */
export interface Place {
  /** `https://10.96.0.1:443` */
  readonly server: string
  /** `/etc/kubernetes/proxy.conf`, `the service account` */
  readonly where: string
  /** the request, e.g. `watch of services` or `POST /apis/…` */
  readonly what: string
}

/** A request that got no answer, or not all of it. */
export const connectionError = (error: Error, place: Place): ApiError => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const why = causes.find(([pattern]) => pattern.test(`${code} ${error.message}`))?.[1]
  const message = why?.(place, error) ?? `${place.server}: ${oneLine(error.message)}`
  return new ApiError(message, { reason: code, cause: error })
}

type Telling = (place: Place, error: Error) => string

const causes: readonly (readonly [RegExp, Telling])[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN|EAI_FAIL)/,
    ({ server, where }) =>
      `the name of the API server ${server} cannot be resolved: check server in ${where}, and this node's DNS (/etc/resolv.conf)`,
  ],
  [
    /^ECONNREFUSED/,
    ({ server, where }) =>
      `the API server refuses connections at ${server}: check that it runs, and server in ${where}`,
  ],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)/,
    ({ server, where }, error) =>
      `the API server ${server} cannot be reached (${codeOf(error)}): check the network and server in ${where}`,
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID/,
    ({ server, where }, error) =>
      `the certificate of ${server} is for other names (${altNames(error)}): correct server in ${where}, or set tls-server-name to one of them`,
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF|CERT_UNTRUSTED|CERT_SIGNATURE|INVALID_CA|ERR_SSL_CERT)/,
    ({ server, where }, error) =>
      `the certificate of ${server} is not signed by the CA of ${where} (${codeOf(error)}): give the cluster's CA there (certificate-authority)`,
  ],
  [/^CERT_HAS_EXPIRED/, ({ server }) => `the certificate of ${server} has expired: renew it, or set this node's clock`],
  [/^CERT_NOT_YET_VALID/, ({ server }) => `the certificate of ${server} is not valid yet: set this node's clock`],
  [
    /alert (bad certificate|unknown ca|certificate (required|expired|revoked|unknown)|unsupported certificate)|SSLV3_ALERT_|TLSV1[23]?_ALERT_(UNKNOWN_CA|CERT)/i,
    ({ server, where }, error) =>
      `${server} refuses the client certificate of ${where} (${oneLine(error.message)}): renew client-certificate and client-key`,
  ],
  [
    /WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG/,
    ({ server, where }) => `${server} does not speak TLS: write http:// in ${where}, or the right port`,
  ],
  [/^EPROTO|^ERR_SSL/, ({ server }, error) => `TLS with ${server} fails: ${oneLine(error.message)}`],
  [
    /^(HPE_|ERR_INVALID_HTTP)/,
    ({ server, where }) => `${server} does not speak HTTP: check the port of server in ${where}`,
  ],
  [
    /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE|ECONNABORTED)/,
    ({ server }) => `the API server ${server} cuts connections: it may be starting or stopping`,
  ],
]

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : oneLine(error.message))

const altNames = (error: Error): string =>
  /altnames: (.*)$/is.exec(error.message)?.[1]?.replaceAll(/\s+/g, ' ').slice(0, 200) ?? oneLine(error.message)

/** Of OpenSSL's own words only what a person can use. */
const oneLine = (message: string): string => {
  const text = message.replaceAll(/\s+/g, ' ').trim()
  const alert = /error:[0-9A-F]+:SSL routines:[^:]*:([^:]+)/.exec(text)?.[1]
  return (alert ?? text).slice(0, 300)
}

/** The answer to a request was not 2xx. `body` is what of it could be read. */
export const answerError = (
  { status, retryAfter, body }: { status: number; retryAfter: string | undefined; body: string },
  place: Place,
): ApiError => {
  const answer = parseStatus(body)
  const said = oneLine(answer?.message ?? body)
  const facts = { status, reason: answer?.reason ?? '', retryAfterMs: parseRetryAfter(retryAfter, answer?.details) }
  return new ApiError(tellAnswer(status, said, answer !== null, place), facts)
}

const tellAnswer = (status: number, said: string, isStatus: boolean, { server, where, what }: Place): string => {
  switch (status) {
    case 400:
      if (/HTTP request to an? HTTPS server/i.test(said)) return `${server} speaks TLS: write https:// in ${where}`
      break
    case 401:
      return `the API server ${server} does not accept the credentials of ${where}: the token or certificate has expired or is another cluster's; renew it (it is read again)`
    case 403:
      return `forbidden: ${said || what}: grant it to this user (${what}) in a ClusterRole, as deploy/base/cluster-role.yaml does`
    case 404:
      // what kube-apiserver says for a group or version that it does not serve; other Go servers say it, too
      if (said === '404 page not found')
        return `the API server ${server} does not serve this (${what}): it is older than Kubernetes 1.31, or its --runtime-config turns it off; or ${server} is no API server: then correct server in ${where}`
      if (!isStatus) return `${server} is no API server (404 for the ${what}): check server in ${where}`
      return `the API server does not know what is asked for (${what}): it may be older than Kubernetes 1.31`
    case 429:
      return `the API server ${server} asks for patience (429, ${what}): its priority and fairness queues are full`
    default:
  }
  return `the API server ${server} answers ${status}${said === '' ? '' : `: ${said}`} (${what})`
}

/** An answer in something else than JSON. */
export const contentError = (contentType: string, { server, where }: Place): ApiError =>
  new ApiError(
    `${server} answers in ${contentType === '' ? 'no named type' : JSON.stringify(contentType.slice(0, 80))}, not JSON: something else may stand there (a proxy, a login page); check server in ${where}`,
    { reason: 'ContentType' },
  )

/** A metav1.Status */
export interface ApiStatus {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details: Raw
}

const readStatus = (raw: unknown): ApiStatus | null => {
  if (!isRaw(raw) || raw['kind'] !== 'Status') return null
  const { code, reason, message, details } = raw
  return {
    code: typeof code === 'number' ? code : 0,
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message : '',
    details: isRaw(details) ? details : {},
  }
}

const parseStatus = (body: string): ApiStatus | null => {
  try {
    return readStatus(JSON.parse(body))
  } catch {
    return null
  }
}

/** In seconds, as the API server writes it; its Status says it too. A minute at most: a server asks for seconds. */
const parseRetryAfter = (header: string | undefined, details: Raw | undefined): number | null => {
  const said = details?.['retryAfterSeconds']
  const seconds = header === undefined ? (typeof said === 'number' ? said : 0) : Number(header)
  return seconds > 0 ? Math.min(seconds, 60) * 1000 : null
}

/** An ERROR event on a watch, which is a Status. */
export const eventError = (raw: unknown, place: Place): ApiError => {
  const { code = 0, reason = '', message = '', details = {} } = readStatus(raw) ?? {}
  return new ApiError(tellAnswer(code, oneLine(message), true, place), {
    status: code,
    reason,
    retryAfterMs: parseRetryAfter(undefined, details),
  })
}

/** The resource version is gone: everything is to be listed anew. */
export const isExpired = ({ status, reason }: ApiError): boolean =>
  status === 410 || reason === 'Expired' || reason === 'Gone'

/** Our version is ahead of what the server has: it lags behind another one, or was put back to an earlier state. */
export const isTooNew = ({ status, message }: ApiError): boolean =>
  status >= 500 && message.includes('Too large resource version')

/** The server does not know `sendInitialEvents`, or cannot serve it: with an etcd before 3.4.25 it answers 500. */
export const isUnsupported = ({ status, message }: ApiError): boolean =>
  status === 400 || status === 422 || status === 501 || (status === 500 && message.includes('RequestWatchProgress'))
