import { once } from 'node:events'
import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'

/** A server as HAProxy sees it. */
export interface ServerState {
  readonly listener: string
  readonly server: string
  /** false: its health check failed */
  readonly up: boolean
  /** connections that it was given since HAProxy started */
  readonly connections: number
}

/** HAProxy's answer to `show stat` (management guide, 9.1: CSV with a header that begins with `# `). Pure. */
export const parseStats = (csv: string): readonly ServerState[] => {
  const rows = parse<Record<string, string>>(csv.replace(/^# /, ''), {
    columns: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
  return rows
    .filter(({ svname }) => svname !== 'FRONTEND' && svname !== 'BACKEND')
    .map(({ pxname = '', svname = '', status = '', stot = '0' }) => ({
      listener: pxname,
      server: svname,
      up: !status.startsWith('DOWN'),
      connections: Number(stot),
    }))
}

/** From its socket. Throws when nobody answers there within two seconds. */
export const readServers = async (socket: string): Promise<readonly ServerState[]> => {
  const connection = createConnection(socket)
  connection.setTimeout(2000, () => connection.destroy(new Error(`${socket} does not answer`)))
  await once(connection, 'connect')
  connection.end('show stat\n')
  return parseStats(await text(connection))
}
