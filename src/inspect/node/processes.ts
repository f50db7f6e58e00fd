import type { NodeSight } from './sight.ts'

export interface SeenProcess {
  readonly pid: string
  /** as the kernel keeps it: 15 characters */
  readonly name: string
  /** whether it lives in our network namespace; null: not allowed to know */
  readonly sameNetwork: boolean | null
}

/** Processes that are visible from here and have one of these names. */
export const processesNamed = (sight: NodeSight, names: readonly string[]): readonly SeenProcess[] =>
  pids(sight).flatMap((pid) => {
    const name = sight.text(`/proc/${pid}/comm`)?.trim()
    if (name === undefined || !names.includes(name)) return []
    const theirs = sight.link(`/proc/${pid}/ns/net`)
    const ours = sight.link('/proc/self/ns/net')
    return [{ pid, name, sameNetwork: theirs === null || ours === null ? null : theirs === ours }]
  })

/** Who holds a socket, as `NAME (PID)`; null: not visible from here. */
export const ownerOf = (sight: NodeSight, inode: string): string | null => {
  const wanted = `socket:[${inode}]`
  for (const pid of pids(sight))
    for (const fd of sight.names(`/proc/${pid}/fd`))
      if (sight.link(`/proc/${pid}/fd/${fd}`) === wanted)
        return `${sight.text(`/proc/${pid}/comm`)?.trim() ?? '?'} (${pid})`
  return null
}

/** The machine's own process namespace (PROC_PID_INIT_INO): all processes are visible. Inside a container they are not. */
export const seesAllProcesses = (sight: NodeSight): boolean => sight.link('/proc/self/ns/pid') === 'pid:[4026531836]'

const pids = (sight: NodeSight): readonly string[] => sight.names('/proc').filter((name) => /^\d+$/.test(name))
