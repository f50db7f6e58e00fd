import { KernelError } from './errors.ts'
import { Attributes } from './netlink/reader.ts'
import type { NetlinkRequests, Request } from './netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_ACCT, NFPROTO_UNSPEC, NLM_F_CREATE } from './netlink/wire.ts'

/** Named counters of this network namespace (nfnetlink_acct.c), which rules count in by `-m nfacct`. */
export interface Accounting extends Disposable {
  /** null: this kernel has none of it */
  names(): Promise<ReadonlySet<string> | null>
  /** Makes those that are not there. Throws KernelError. */
  make(names: readonly string[]): Promise<void>
  /** Takes them away but for those that a rule still counts in. */
  remove(names: readonly string[]): Promise<void>
}

/** include/uapi/linux/netfilter/nfnetlink_acct.h */
const NFNL_MSG_ACCT_NEW = 0
const NFNL_MSG_ACCT_GET = 1
const NFNL_MSG_ACCT_DEL = 3
const NFACCT_NAME = 1

const typeOf = (message: number): number => (NFNL_SUBSYS_ACCT << 8) | message

const listing: Request<string> = {
  operation: 'nfacct list',
  object: '',
  write: (writer, flags, sequence) => {
    writer.beginNetfilter(typeOf(NFNL_MSG_ACCT_GET), flags, sequence, NFPROTO_UNSPEC)
    writer.end()
  },
  decode: ({ type, bytes, start, end }, fault, into) => {
    if (type !== typeOf(NFNL_MSG_ACCT_NEW)) return
    const attributes = new Attributes(bytes, Math.min(start + NFGENMSG, end), end, fault)
    while (attributes.next()) if (attributes.type === NFACCT_NAME) into.push(attributes.string())
  },
}

/** What the kernel answers where the subsystem is not built in and its module cannot be loaded. */
const ABSENT: ReadonlySet<string> = new Set(['EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT'])

/** Disposing it disposes the socket. */
export const accountingOver = (requests: NetlinkRequests, socket: Disposable): Accounting => {
  const names = async (): Promise<ReadonlySet<string> | null> => {
    try {
      return new Set(await requests.dump(listing))
    } catch (error) {
      if (error instanceof KernelError && ABSENT.has(error.errno)) return null
      throw error
    }
  }
  const command = (operation: string, message: number, flags: number, list: readonly string[]) =>
    requests.commands(operation, list, (writer, name, given, sequence) => {
      writer.beginNetfilter(typeOf(message), given | flags, sequence, NFPROTO_UNSPEC)
      writer.string(NFACCT_NAME, name)
      writer.end()
    })
  return {
    names,
    make: async (wanted) => {
      const present = (await names()) ?? new Set()
      const missing = wanted.filter((name) => !present.has(name))
      if (missing.length === 0) return
      const refused = await command('nfacct add', NFNL_MSG_ACCT_NEW, NLM_F_CREATE, missing)
      // EBUSY: somebody made it meanwhile
      const errno = [...refused.keys()].find((one) => one !== 'EBUSY' && one !== 'EEXIST')
      if (errno !== undefined) throw new KernelError({ operation: 'nfacct add', errno, object: missing.join(', ') })
    },
    remove: async (list) => {
      const present = (await names()) ?? new Set()
      await command(
        'nfacct delete',
        NFNL_MSG_ACCT_DEL,
        0,
        list.filter((name) => present.has(name)),
      )
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  }
}
