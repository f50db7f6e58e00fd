import { readFileSync } from 'node:fs'

export interface ProcessUsage {
  readonly rssMiB: number
  /** the most it ever was */
  readonly peakMiB: number
  /** user and system, with that of children that have ended */
  readonly cpuSeconds: number
}

/** Of /proc/PID/stat (proc_pid_stat(5)): fields 14 … 17, in ticks of 1/100 s. Throws when the process is gone. */
export const processUsage = (pid: number): ProcessUsage => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024
  // the name in parentheses may hold anything
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { rssMiB: mebibytes('VmRSS'), peakMiB: mebibytes('VmHWM'), cpuSeconds: ticks / 100 }
}
