import http, { type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { getCACertificates } from 'node:tls'
import { checkFiles, type Credentials, readCredentials, type TlsMaterial } from './credentials.ts'
import { KubeconfigError } from './errors.ts'
import type { Access, Cluster } from './kubeconfig.ts'
import { needsLibrary, openLibraryAccess } from './library-access.ts'

/** What one request is sent with. */
export interface Entrance {
  readonly headers: OutgoingHttpHeaders
  /** the pool of connections whose TLS fits */
  readonly agent: http.Agent
  /** null where the library has them */
  readonly credentials: Credentials | null
}

/** The way into an API server: credentials as they are now, and connections made with them. */
export interface Door extends Disposable {
  /** Rejects with an ApiError. `refused`: that one was answered with 401. */
  enter(refused: Entrance | null): Promise<Entrance>
}

/** Rejects with a KubeconfigError where a file that the access names cannot be read. */
export const openDoor = async (access: Access): Promise<Door> => {
  if (needsLibrary(access)) return libraryDoor(access)
  await checkFiles(access).catch((error: Error) => {
    throw new KubeconfigError(error.message, { cause: error })
  })
  return ownDoor(access)
}

const ownDoor = (access: Access): Door => {
  const read = readCredentials(access, Date.now)
  const pool = new Pool(access.cluster)
  return {
    async enter(refused) {
      const credentials = await read(refused?.credentials ?? null)
      return { headers: credentials.headers, agent: pool.agent(credentials.tls), credentials }
    },
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  }
}

/** Connections that are kept for the next request. */
class Pool implements Disposable {
  readonly #cluster: Cluster
  #material: TlsMaterial | null = null
  #agent: http.Agent | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Other certificates need other connections; what is under way on the old ones goes on. */
  agent(material: TlsMaterial): http.Agent {
    if (this.#agent !== null && this.#material !== null && isSameMaterial(material, this.#material)) return this.#agent
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy()
    this.#material = material
    this.#agent = makeAgent(this.#cluster, material)
    return this.#agent
  }

  [Symbol.dispose](): void {
    this.#agent?.destroy()
  }
}

const isSameMaterial = (a: TlsMaterial, b: TlsMaterial): boolean =>
  a.ca === b.ca && a.cert === b.cert && a.key === b.key

const makeAgent = ({ server, insecure, tlsServerName, proxyUrl }: Cluster, material: TlsMaterial): http.Agent => {
  // without one in the kubeconfig the environment's counts, as in client-go
  const proxyEnv = proxyUrl === '' ? process.env : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl }
  const options = { keepAlive: true, maxFreeSockets: 4, proxyEnv }
  if (!server.startsWith('https:')) return new http.Agent(options)
  const { ca, cert, key } = material
  return new https.Agent({
    ...options,
    ca: ca ?? [...getCACertificates('default'), ...getCACertificates('system')],
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tlsServerName === '' ? {} : { servername: tlsServerName }),
    rejectUnauthorized: !insecure,
    ALPNProtocols: ['http/1.1'],
  })
}

const libraryDoor = async (access: Access): Promise<Door> => {
  const read = await openLibraryAccess(access)
  const fallback = new Pool(access.cluster)
  return {
    async enter(refused) {
      const { headers, agent } = await read(refused !== null)
      const pool = agent ?? fallback.agent({ ca: undefined, cert: undefined, key: undefined })
      return { headers, agent: pool, credentials: null }
    },
    [Symbol.dispose]: () => fallback[Symbol.dispose](),
  }
}
