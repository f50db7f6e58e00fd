import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, exec } from '../../../kernel/exec.ts'
import type { Daemon } from '../../daemon.ts'
import { inNetns } from '../../ip.ts'

/** Where a server of PostgreSQL's protocol is asked, and as whom. */
export interface Server {
  /** psql's path */
  readonly psql: string
  readonly netns: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** The answer's rows by column name. Throws CommandError with psql's words. */
export const query = async (
  { psql, netns, host, port, database, user }: Server,
  statement: string,
  signal?: AbortSignal,
): Promise<readonly Readonly<Record<string, string>>[]> => {
  const target = `host=${host} port=${port} dbname=${database} user=${user} connect_timeout=2`
  const csv = await exec('ip', inNetns(netns, [psql, '-X', '-w', '--csv', '-c', statement, target]), {
    timeoutMs: 5000,
    ...(signal && { signal }),
  })
  return rowsOf(csv)
}

/** Of statistics and lists of clients, in which no value holds a comma or a quote. */
const rowsOf = (csv: string): readonly Readonly<Record<string, string>>[] => {
  const [header = '', ...lines] = csv.trim().split('\n')
  const names = header.split(',')
  return lines.map((line) => {
    const values = line.split(',')
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
  })
}

/** Waits until the server answers. Throws what it said when it ends instead, or psql's words after `withinMs`. */
export const untilAnswers = async (
  daemon: Daemon,
  server: Server,
  signal: AbortSignal,
  withinMs = 20_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    signal.throwIfAborted()
    daemon.check()
    try {
      await query(server, server.database === 'pgbouncer' ? 'SHOW VERSION' : 'SELECT 1', signal)
      return
    } catch (error) {
      if (!(error instanceof CommandError) || performance.now() > deadline) throw error
    }
    await sleep(100)
  }
}
