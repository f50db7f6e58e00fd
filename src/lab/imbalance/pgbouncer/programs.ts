import { access, constants, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { environment } from '../../../kernel/exec.ts'

/** Paths of what the scenario runs. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  readonly psql: string
  readonly pgbench: string
  readonly pgbouncer: string
}

/** Debian keeps the servers of each version apart, outside of PATH. */
const versions = '/usr/lib/postgresql'

/** In `folders` (default: where Debian has them, and PATH). Throws, with the cure, for those that are not installed. */
export const findPrograms = async (folders?: readonly string[]): Promise<PostgresPrograms> => {
  const places = folders ?? [...(await newestFirst()), ...(environment()['PATH'] ?? '').split(':')]
  const names = ['initdb', 'postgres', 'psql', 'pgbench', 'pgbouncer'] as const
  const found = await Promise.all(names.map(async (name) => [name, await firstIn(places, name)] as const))
  const missing = found.flatMap(([name, path]) => (path === undefined ? [name] : []))
  if (missing.length > 0)
    throw new Error(`the scenario pgbouncer needs ${missing.join(', ')}: apt-get install pgbouncer postgresql`)
  return Object.fromEntries(found) as unknown as PostgresPrograms
}

const newestFirst = async (): Promise<readonly string[]> => {
  const found = await readdir(versions).catch(() => [])
  return found.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(versions, version, 'bin'))
}

const firstIn = async (folders: readonly string[], name: string): Promise<string | undefined> => {
  for (const folder of folders) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}
