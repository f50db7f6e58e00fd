import { readdir, readFile } from 'node:fs/promises'
import type { Running } from './servers.ts'
import { benchDatabase } from './servers.ts'
import { query } from './psql.ts'

/** What a PgBouncer has used and counted at a moment. */
export interface Reading {
  /** performance.now() */
  readonly at: number
  readonly cpuMs: number
  readonly queries: number
  readonly clients: readonly BouncerClient[]
}

export interface BouncerClient {
  readonly address: string
  /** seconds since the epoch */
  readonly connectedAt: number
}

export const readBouncer = async ({ server, daemon }: Running): Promise<Reading> => {
  const clients = await query(server, 'SHOW CLIENTS')
  const stats = await query(server, 'SHOW STATS')
  // last, and with its own moment: asking costs CPU time, too
  const cpuMs = await cpuMillis(daemon.pid)
  return {
    at: performance.now(),
    cpuMs,
    queries: Number(stats.find(({ database }) => database === benchDatabase)?.['total_query_count'] ?? 0),
    clients: clients
      .filter(({ database }) => database === benchDatabase)
      .map(({ addr = '', connect_time = '' }) => ({
        address: addr,
        connectedAt: Date.parse(connect_time.replace(' ', 'T').replace(' UTC', 'Z')) / 1000,
      })),
  }
}

/** CPU time of all its threads, which is what a container's cgroup counts: sum_exec_runtime in /proc/PID/task/TID/schedstat. */
const cpuMillis = async (pid: number): Promise<number> => {
  const threads = await readdir(`/proc/${pid}/task`)
  const used = await Promise.all(
    threads.map(async (thread) =>
      Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]),
    ),
  )
  return used.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6
}

/** CPU over a time as `kubectl top pods` has it: thousandths of a core, rounded up as metrics-server's quantity is. */
export const millicores = (from: Reading, to: Reading): number => (1000 * (to.cpuMs - from.cpuMs)) / (to.at - from.at)
