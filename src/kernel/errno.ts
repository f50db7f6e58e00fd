import { constants } from 'node:os'

/** Numbers that have two names keep the one kernel code uses; the kernel has some of its own that libc never sees. */
const preferred: Readonly<Record<string, number>> = {
  EAGAIN: constants.errno.EAGAIN,
  EOPNOTSUPP: constants.errno.EOPNOTSUPP,
  ENOTSUPP: 524,
  EUCLEAN: 117,
  ENFILE: 23,
}

const names: ReadonlyMap<number, string> = new Map(
  [...Object.entries(constants.errno), ...Object.entries(preferred)].map(([name, number]) => [number, name]),
)

/** errno's name, e.g. 2 → `ENOENT`; `errno 4095` where it has none. */
export const errnoName = (errno: number): string => names.get(errno) ?? `errno ${errno}`
