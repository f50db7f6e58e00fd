import { readdirSync, readFileSync } from 'node:fs'

/** A process that is not mistaken for a later one of the same number. */
export interface ProcessId {
  readonly pid: number
  /** clock ticks since boot, from /proc/PID/stat (proc_pid_stat(5), field 22) */
  readonly started: number
}

/** In the environment of every process of a lab: proves whose it is, from its first moment, also to a later lab. */
export const labMark = (id: string): { readonly EVENKEEL_LAB: string } => ({ EVENKEEL_LAB: id })

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** undefined: no such process, or only its exit status is left. */
export const processId = (pid: number): ProcessId | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  // the second field, in parentheses, may hold anything
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return { pid, started: Number(fields[19]) }
}

export const isAlive = ({ pid, started }: ProcessId): boolean => processId(pid)?.started === started

/** The processes that a lab started, and theirs. */
export const processesOf = (id: string): readonly ProcessId[] => {
  const mark = `EVENKEEL_LAB=${id}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = processId(Number(name))
      return found !== undefined && read(`/proc/${name}/environ`)?.split('\0').includes(mark) ? [found] : []
    })
}

const signal = (found: ProcessId, name: NodeJS.Signals): void => {
  if (!isAlive(found)) return
  try {
    process.kill(found.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ends the processes of a lab: first asked, after `graceMs` killed. Answers how many there were. Throws when one remains. */
export const endProcesses = async (id: string, graceMs = 2000): Promise<number> => {
  const found = processesOf(id)
  for (const one of found) signal(one, 'SIGTERM')
  if (await gone(found, graceMs)) return found.length
  for (const one of processesOf(id)) signal(one, 'SIGKILL')
  if (await gone(found, 5000)) return found.length
  throw new Error(`processes of lab ${id} do not end: ${found.filter(isAlive).map(({ pid }) => pid)}`)
}

const gone = async (found: readonly ProcessId[], withinMs: number): Promise<boolean> => {
  for (let waited = 0; found.some(isAlive); waited += 10) {
    if (waited >= withinMs) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}
