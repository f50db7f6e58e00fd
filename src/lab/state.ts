import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cluster, namePrefix } from './cluster.ts'
import { removeNetwork } from './network.ts'
import { endProcesses, isAlive, processId, type ProcessId } from './processes.ts'

/** What is written down of a lab before anything of it exists, so that a later one can put it away. */
export interface LabRecord {
  readonly id: string
  readonly scenario: string
  /** left standing on purpose: only `lab down` removes it */
  readonly kept: boolean
  /** the process that works on it */
  readonly owner: ProcessId
  readonly cluster: Cluster
  /** lines for a person: what can be tried */
  readonly hints: readonly string[]
}

/** running: somebody works on it; kept: standing for play; abandoned: whoever made it is gone. */
export type LabState = 'running' | 'kept' | 'abandoned'

const labsDirectory = '/run/evenkeel-lab'

export const directoryOf = (id: string): string => join(labsDirectory, id)

export const stateOf = (record: LabRecord): LabState => {
  if (isAlive(record.owner)) return 'running'
  return record.kept ? 'kept' : 'abandoned'
}

export const thisProcess = (): ProcessId => processId(process.pid) ?? { pid: process.pid, started: 0 }

/** Claims the name: makes the lab's directory with its record and folders. Throws when there is such a lab already. */
export const claimLab = async (record: LabRecord): Promise<void> => {
  const directory = directoryOf(record.id)
  const prepared = join(labsDirectory, `.${record.id}.${process.pid}`)
  for (const folder of ['manifests', 'config', 'log']) await mkdir(join(prepared, folder), { recursive: true })
  await writeFile(join(prepared, 'lab.json'), JSON.stringify(record))
  try {
    await rename(prepared, directory)
  } catch (cause) {
    await rm(prepared, { recursive: true })
    throw new Error(`there is a lab called ${record.id}; remove it with: evenkeel lab down ${record.id}`, { cause })
  }
}

export const updateRecord = async (record: LabRecord): Promise<void> => {
  const file = join(directoryOf(record.id), 'lab.json')
  await writeFile(`${file}.new`, JSON.stringify(record))
  await rename(`${file}.new`, file)
}

/** Every lab there is, by name. Folders without a readable record are of no lab. */
export const readLabs = async (): Promise<readonly LabRecord[]> => {
  const names = await readdir(labsDirectory).catch(() => [])
  const records = await Promise.all(names.filter((name) => !name.startsWith('.')).map(readLab))
  return records.filter((record) => record !== undefined).sort((a, b) => (a.id < b.id ? -1 : 1))
}

export const readLab = async (id: string): Promise<LabRecord | undefined> => {
  try {
    return JSON.parse(await readFile(join(directoryOf(id), 'lab.json'), 'utf8')) as LabRecord
  } catch {
    return undefined
  }
}

/** Ends the lab's processes, then its namespaces, its record last: whatever interrupts this, it can be done again. */
export const removeLab = async (id: string): Promise<void> => {
  await endProcesses(id)
  await removeNetwork(`${namePrefix}${id}-`)
  await rm(directoryOf(id), { recursive: true, force: true })
}

/** Removes what crashed or killed labs left behind; answers their names. */
export const removeAbandoned = async (): Promise<readonly string[]> => {
  const abandoned = (await readLabs()).filter((record) => stateOf(record) === 'abandoned')
  for (const { id } of abandoned) await removeLab(id)
  await removePrepared()
  return abandoned.map(({ id }) => id)
}

/** Directories that were prepared for a claim that never came. */
const removePrepared = async (): Promise<void> => {
  for (const name of await readdir(labsDirectory).catch(() => [])) {
    const pid = /^\..*\.(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && processId(Number(pid)) === undefined)
      await rm(join(labsDirectory, name), { recursive: true, force: true })
  }
}
