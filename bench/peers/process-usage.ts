import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessUsage {
  readonly rssMiB: number
  /** the most it ever was */
  readonly peakMiB: number
  /** user and system, with that of its children, also those that have ended */
  readonly cpuSeconds: number
}

/** Of /proc/PID/stat (proc_pid_stat(5)): fields 14 … 17, in ticks of 1/100 s. Throws when the process is gone. */
export const processUsage = (pid: number): ProcessUsage => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024
  return { rssMiB: mebibytes('VmRSS'), peakMiB: mebibytes('VmHWM'), cpuSeconds: ticksOf(pid) / 100 }
}

/** With the children that run. */
const ticksOf = (pid: number): number => {
  // the name in parentheses may hold anything
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) + childrenOf(pid).reduce(addTicks, 0)
}

const addTicks = (sum: number, child: number): number => {
  try {
    return sum + ticksOf(child)
  } catch {
    // it ended just now
    return sum
  }
}

const childrenOf = (pid: number): readonly number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
