import { errnoName } from '../errno.ts'
import { KernelError } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { type LegacyChain, parseEntries, parseInfo, type XtablesFamily } from './xtables.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOL_IP = 0
const SOL_IPV6 = 41
/** IPT_SO_GET_INFO and IP6T_SO_GET_INFO; entries are the next number (include/uapi/linux/netfilter_ipv4/ip_tables.h) */
const SO_GET_INFO = 64
const SO_GET_ENTRIES = 65
/** XT_TABLE_MAXNAMELEN */
const NAME = 32
const INFO = 84
/** struct ipt_get_entries: name, size, then entries aligned to 8 */
const ENTRIES = 40
/** another process may replace the table between the question of its size and that of its entries */
const TRIES = 5

/**
 * One table of iptables-legacy, read as libiptc reads it: no process is started. Ask only for tables that
 * /proc/net/ip_tables_names lists: the kernel makes those that it does not have.
 * @throws KernelError EPERM without CAP_NET_ADMIN, ENOPROTOOPT where the kernel has no legacy tables
 */
export const readLegacyTable = (libc: Libc, family: XtablesFamily, table: string): readonly LegacyChain[] => {
  const object = `${family} ${table}`
  const fd = libc.socket(family === 'ip' ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) throw failure(libc, 'socket', object)
  try {
    for (let tried = 1; ; tried++) {
      const info = parseInfo(ask(libc, fd, { family, table, option: SO_GET_INFO, length: INFO, size: 0 }))
      const entries = askEntries(libc, fd, { family, table, size: info.size })
      if (entries !== null) return parseEntries(entries, info, family)
      if (tried === TRIES)
        throw new KernelError({
          operation: 'iptables read',
          object,
          errno: 'EAGAIN',
          detail: 'changed at each reading',
        })
    }
  } finally {
    libc.close(fd)
  }
}

/** How much a table holds: a text that is the same as long as no rule was added or removed. No rule is read. */
export const readLegacyUsage = (libc: Libc, family: XtablesFamily, table: string): string => {
  const fd = libc.socket(family === 'ip' ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) throw failure(libc, 'socket', `${family} ${table}`)
  try {
    const info = ask(libc, fd, { family, table, option: SO_GET_INFO, length: INFO, size: 0 })
    return `${info.readUInt32LE(76)} entries, ${info.readUInt32LE(80)} bytes`
  } finally {
    libc.close(fd)
  }
}

interface Question {
  readonly family: XtablesFamily
  readonly table: string
  readonly option: number
  readonly length: number
  readonly size: number
}

const askEntries = (
  libc: Libc,
  fd: number,
  { family, table, size }: Pick<Question, 'family' | 'table' | 'size'>,
): Buffer | null => {
  try {
    const answer = ask(libc, fd, { family, table, option: SO_GET_ENTRIES, length: ENTRIES + size, size })
    return answer.subarray(ENTRIES)
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EAGAIN') return null
    throw error
  }
}

const ask = (libc: Libc, fd: number, { family, table, option, length, size }: Question): Buffer => {
  const answer = Buffer.alloc(length)
  answer.write(table, 0, NAME - 1, 'latin1')
  if (length > NAME + 4 && size > 0) answer.writeUInt32LE(size, NAME)
  const given = Buffer.alloc(4)
  given.writeUInt32LE(length)
  const level = family === 'ip' ? SOL_IP : SOL_IPV6
  if (libc.getsockopt(fd, level, option, answer, given) < 0) throw failure(libc, 'iptables read', `${family} ${table}`)
  return answer
}

const failure = (libc: Libc, operation: string, object: string): KernelError => {
  const errno = errnoName(libc.errno())
  const detail = errno === 'EPERM' ? 'needs CAP_NET_ADMIN' : ''
  return new KernelError({ operation, object, errno, detail })
}
