import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KernelError } from './errors.ts'

/** Whole numbers under /proc/sys (of this network namespace) and /sys/module. */
export interface Sysctls {
  /** `net/netfilter/nf_conntrack_max`. Throws KernelError: ENOENT where the kernel (or a module that is not loaded) has none. */
  read(name: string): number
  /** Throws KernelError: EROFS, EACCES or EPERM where it cannot be set from here. */
  write(name: string, value: number): void
}

/** Buckets of conntrack's hash table: set here (root alone may even read it), told by `net/netfilter/nf_conntrack_buckets`. */
export const CONNTRACK_HASHSIZE = '/sys/module/nf_conntrack/parameters/hashsize'

/** Names that begin with / are paths of their own; `root` is for tests. */
export const openSysctls = (root = ''): Sysctls => {
  const pathOf = (name: string): string => join(root || '/', name.startsWith('/') ? name : `/proc/sys/${name}`)
  return {
    read: (name) => {
      const text = attempt('read sysctl', name, () => readFileSync(pathOf(name), 'utf8'))
      const value = Number(text.trim())
      if (text.trim() === '' || !Number.isSafeInteger(value))
        throw new KernelError({
          operation: 'read sysctl',
          errno: '',
          object: name,
          detail: `no number: ${text.trim()}`,
        })
      return value
    },
    // without O_TRUNC and O_CREAT: these are no files to be made
    write: (name, value) =>
      attempt('write sysctl', name, () => writeFileSync(pathOf(name), String(value), { flag: 'r+' })),
  }
}

const attempt = <T>(operation: string, object: string, run: () => T): T => {
  try {
    return run()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new KernelError({ operation, errno: code, object }, { cause: error })
  }
}

/** Who is killed first when memory runs out: −1000 never … 1000 at once. Throws KernelError: EACCES without CAP_SYS_RESOURCE. */
export const setOomScore = (score: number, path = '/proc/self/oom_score_adj'): void =>
  attempt('write', path, () => writeFileSync(path, String(score), { flag: 'r+' }))
