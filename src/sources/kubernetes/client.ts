import type { IncomingMessage } from 'node:http'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** path and query, e.g. `/apis/events.k8s.io/v1/namespaces/shop/events` */
  readonly path: string
  /** sent as JSON */
  readonly body?: unknown
  /** default `application/json`; a PATCH needs its own */
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
  /** until the head of the answer is there, in ms; default 30,000 */
  readonly timeoutMs?: number
}

/** A successful answer whose body is still to be read (or destroyed). */
export interface ApiAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: IncomingMessage
}

/** An API server and the right to ask it. */
export interface ApiClient extends AsyncDisposable {
  /** `https://10.96.0.1:443` */
  readonly server: string
  /** Rejects with an `ApiError` for every answer but 2xx, and where there is none. After a 401 credentials are read anew, once. */
  request(request: ApiRequest): Promise<ApiAnswer>
  /** `request` with the body read and parsed, of 16 MiB at most. */
  json(request: ApiRequest): Promise<unknown>
}

export interface ClientOptions {
  /** file; default: $KUBECONFIG, the pod's service account, ~/.kube/config: the first that is there */
  readonly kubeconfig?: string | undefined
  /** default: the kubeconfig's current one */
  readonly context?: string | undefined
  /** URL that wins over the kubeconfig's `server` */
  readonly master?: string | undefined
}
