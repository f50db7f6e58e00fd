import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../../kernel/exec.ts'
import type { LabPod } from '../../cluster.ts'
import { asUser, type Daemon, startDaemon } from '../../daemon.ts'
import type { Lab } from '../../lab.ts'
import type { PostgresPrograms } from './programs.ts'
import { type Server, untilAnswers } from './psql.ts'

/** PostgreSQL and PgBouncer refuse to be root; this user comes with Debian's postgresql-common. */
export const databaseUser = 'postgres'
/** as PgBouncer names it */
export const benchDatabase = 'bench'
const databasePort = 5432
export const bouncerPort = 6432

/** A server in a pod, and how it is asked. */
export interface Running extends AsyncDisposable {
  readonly pod: LabPod
  readonly daemon: Daemon
  readonly server: Server
}

/** For a database that is thrown away: small, and quick to make and to end. */
const settings: Readonly<Record<string, string | number>> = {
  listen_addresses: '*',
  port: databasePort,
  unix_socket_directories: '',
  fsync: 'off',
  autovacuum: 'off',
  max_connections: 200,
  shared_buffers: '16MB',
}

/** A PostgreSQL in a pod; its data is in the lab's own directory and goes with it. Resolves when it answers. */
export const startDatabase = async (
  lab: Lab,
  pod: LabPod,
  { initdb, postgres, psql }: PostgresPrograms,
  signal: AbortSignal,
): Promise<Running> => {
  const data = await directoryOf(lab, 'postgres')
  const flags = ['-D', data, '-U', databaseUser, '--auth=trust', '--no-sync', '--wal-segsize=1']
  const [setpriv = '', ...args] = asUser(databaseUser, [initdb, ...flags])
  await exec(setpriv, args, { timeoutMs: 60_000, signal })
  await writeFile(join(data, 'pg_hba.conf'), 'host all all all trust\n')
  const daemon = startDaemon({
    labId: lab.cluster.id,
    netns: pod.netns,
    command: [postgres, '-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user: databaseUser,
    log: lab.logOf('postgres'),
    // fast shutdown: sessions do not keep it
    stopSignal: 'SIGINT',
  })
  const server = serverOf(pod, { psql, port: databasePort, database: 'postgres' })
  return untilServes({ pod, daemon, server }, signal)
}

/** A PgBouncer in a pod, before the database. Resolves when it answers. */
export const startBouncer = async (
  lab: Lab,
  pod: LabPod,
  { pgbouncer, psql }: PostgresPrograms,
  { database, signal }: { readonly database: LabPod; readonly signal: AbortSignal },
): Promise<Running> => {
  const directory = await directoryOf(lab, pod.name)
  const file = join(directory, 'pgbouncer.ini')
  await writeFile(file, bouncerConfig(database))
  const daemon = startDaemon({
    labId: lab.cluster.id,
    netns: pod.netns,
    command: [pgbouncer, file],
    user: databaseUser,
    log: lab.logOf(`pgbouncer.${pod.name}`),
  })
  const server = serverOf(pod, { psql, port: bouncerPort, database: 'pgbouncer' })
  return untilServes({ pod, daemon, server }, signal)
}

/** Transactions share a few connections to the database, which is what it is for. */
const bouncerConfig = ({ addresses }: LabPod): string => `[databases]
${benchDatabase} = host=${addresses.IPv4} port=${databasePort} dbname=postgres user=${databaseUser}
[pgbouncer]
listen_addr = *
listen_port = ${bouncerPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 1000
`

const serverOf = ({ netns, addresses }: LabPod, server: Pick<Server, 'psql' | 'port' | 'database'>): Server => ({
  ...server,
  netns,
  host: addresses.IPv4,
  user: databaseUser,
})

const untilServes = async (
  running: Pick<Running, 'pod' | 'daemon' | 'server'>,
  signal: AbortSignal,
): Promise<Running> => {
  const { daemon, server } = running
  try {
    await untilAnswers(daemon, server, signal)
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
  return { ...running, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() }
}

/** The server's own, in the lab's. */
const directoryOf = async (lab: Lab, name: string): Promise<string> => {
  const directory = join(lab.directory, name)
  await mkdir(directory, { mode: 0o700 })
  const id = async (flag: string): Promise<number> => Number(await exec('id', [flag, databaseUser]))
  await chown(directory, await id('-u'), await id('-g'))
  return directory
}
