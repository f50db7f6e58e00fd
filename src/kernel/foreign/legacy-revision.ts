import { readFile } from 'node:fs/promises'
import { loadLibc } from '../libc.ts'
import { readLegacyUsage } from './legacy.ts'

const families = [
  { family: 'ip', file: '/proc/net/ip_tables_names' },
  { family: 'ip6', file: '/proc/net/ip6_tables_names' },
] as const

/**
 * The tables of iptables-legacy in this network namespace and how much they hold; '' where there are none. Equal texts do not mean
 * equal rules: the kernel counts no generations of these.
 * @throws KernelError EPERM without CAP_NET_ADMIN
 */
export const legacyRevision = async (): Promise<string> => {
  const found: string[] = []
  for (const { family, file } of families) {
    const names = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((name) => name !== '')
    if (names.length === 0) continue
    const libc = await loadLibc()
    for (const name of names.sort()) found.push(`${family} ${name} ${readLegacyUsage(libc, family, name)}`)
  }
  return found.join('; ')
}
