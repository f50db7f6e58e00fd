import { openForeign } from '../../kernel/foreign/index.ts'
import type { ConntrackEntry } from './conntrack.ts'

/** Where live flows are said to come from. */
const FILE = 'kernel conntrack'

/** The connections that this network namespace tracks. Throws KernelError: EPERM without CAP_NET_ADMIN. */
export const readConntrackLive = async (): Promise<readonly ConntrackEntry[]> => {
  using foreign = await openForeign()
  return (await foreign.connections()).map((connection) => ({ ...connection, file: FILE, line: 0 }))
}
