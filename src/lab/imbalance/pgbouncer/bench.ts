import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabPod } from '../../cluster.ts'
import { type Daemon, startDaemon } from '../../daemon.ts'
import type { Lab } from '../../lab.ts'
import type { PostgresPrograms } from './programs.ts'
import { benchDatabase, databaseUser } from './servers.ts'

/** What pgbench keeps open from one pod, and how much it asks. */
export interface Load {
  readonly from: LabPod
  readonly host: string
  readonly port: number
  readonly connections: number
  /** over all of its connections; each has the same part */
  readonly queriesPerSecond: number
}

/** Longer than any measurement; it is ended before. */
const mostSeconds = 120

/** What every connection asks; for `startBench`. */
export const writeScript = (lab: Lab): Promise<void> => writeFile(scriptOf(lab), 'SELECT 1;\n')

const scriptOf = (lab: Lab): string => join(lab.directory, 'select.sql')

const argumentsOf = (script: string, { connections, queriesPerSecond }: Load): readonly string[] => {
  const flags = { f: script, c: connections, j: 1, R: queriesPerSecond, T: mostSeconds }
  // -n: nothing to be vacuumed
  return ['-n', ...Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, String(value)])]
}

/** Opens the connections one after another, then asks until it is disposed of. */
export const startBench = (lab: Lab, { pgbench }: PostgresPrograms, load: Load): Daemon => {
  const { from, host, port } = load
  const target = `host=${host} port=${port} dbname=${benchDatabase} user=${databaseUser} connect_timeout=5`
  return startDaemon({
    labId: lab.cluster.id,
    netns: from.netns,
    command: [pgbench, ...argumentsOf(scriptOf(lab), load), target],
    log: lab.logOf(`pgbench.${from.name}`),
  })
}
