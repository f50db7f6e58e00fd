import { access, constants, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environment } from '../../../kernel/exec.ts'
import { formatEndpoint } from '../../../model/address.ts'
import { startDaemon } from '../../daemon.ts'
import type { LabHost } from '../../host.ts'
import type { Lab } from '../../lab.ts'
import { readServers, type ServerState } from './stats.ts'

/** HAProxy as the load balancer outside of a cluster: TCP, each connection to the next server in turn. */

export interface Listener {
  readonly name: string
  readonly port: number
  readonly servers: readonly Server[]
}

export interface Server {
  readonly name: string
  readonly address: string
  readonly port: number
  /** where it is asked for its health over HTTP (`/healthz`), as cloud balancers ask nodes with externalTrafficPolicy Local; null: never */
  readonly healthPort: number | null
}

/** Throws, with the cure, when it is not installed. */
export const findHaproxy = async (): Promise<string> => {
  for (const folder of [...(environment()['PATH'] ?? '').split(':'), '/usr/sbin']) {
    const path = join(folder, 'haproxy')
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return path
  }
  throw new Error('the scenario node-port needs haproxy: apt-get install haproxy')
}

/** Health is asked for so often; down after two failures, up after one success. */
const healthEveryMs = 200

/** Its configuration. One thread, so that there is one turn. Pure. */
export const haproxyConfig = (listeners: readonly Listener[], socket: string): string =>
  [
    'global',
    `  stats socket ${socket} mode 600`,
    '  nbthread 1',
    '  maxconn 400',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    ...listeners.flatMap(({ name, port, servers }) => [
      `listen ${name}`,
      `  bind :${port}`,
      '  balance roundrobin',
      ...(servers.some(({ healthPort }) => healthPort !== null)
        ? ['  option httpchk GET /healthz', '  http-check expect status 200']
        : []),
      ...servers.map(
        ({ name, address, port, healthPort }) =>
          `  server ${name} ${formatEndpoint(address, port)}${healthPort === null ? '' : ` check port ${healthPort} inter ${healthEveryMs}ms rise 1 fall 2`}`,
      ),
    ]),
    '',
  ].join('\n')

export interface Haproxy extends AsyncDisposable {
  /** what it says of its servers now; throws when it has ended or does not answer */
  servers(): Promise<readonly ServerState[]>
}

/** Starts it on a host of the lab. It goes with the lab, or when it is disposed of. */
export const startHaproxy = async (lab: Lab, host: LabHost, listeners: readonly Listener[]): Promise<Haproxy> => {
  const program = await findHaproxy()
  const file = join(lab.directory, 'config', `${host.name}.cfg`)
  const socket = join(lab.directory, `${host.name}.sock`)
  await writeFile(file, haproxyConfig(listeners, socket))
  const daemon = startDaemon({
    labId: lab.cluster.id,
    netns: host.netns,
    // -db: stays in the foreground
    command: [program, '-db', '-f', file],
    log: lab.logOf(host.name),
  })
  return {
    async servers() {
      daemon.check()
      return readServers(socket)
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]()
    },
  }
}
