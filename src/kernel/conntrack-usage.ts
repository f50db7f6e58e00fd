import { readFile } from 'node:fs/promises'

/** How full the flow table of this network namespace is. */
export interface ConntrackUsage {
  readonly entries: number
  readonly limit: number
}

/** null: conntrack is not loaded. */
export const readConntrackUsage = async (directory = '/proc/sys/net/netfilter'): Promise<ConntrackUsage | null> => {
  try {
    const [entries, limit] = await Promise.all([
      readFile(`${directory}/nf_conntrack_count`, 'utf8'),
      readFile(`${directory}/nf_conntrack_max`, 'utf8'),
    ])
    return { entries: Number(entries), limit: Number(limit) }
  } catch {
    return null
  }
}
