import { formatAddress, parseCidr } from '../../model/address.ts'
import type { InterfaceRoute } from './interfaces.ts'

/**
 * Which interface leads where, by /proc/net/route (addresses as host-order hexadecimal, i.e. reversed on the little-endian machines that are
 * served) and /proc/net/ipv6_route. Routes to the machine itself (`lo`) are left out.
 */
export const procRoutes = (ipv4: string, ipv6: string): readonly InterfaceRoute[] => [
  ...ipv4.split('\n').flatMap(readIPv4),
  ...ipv6.split('\n').flatMap(readIPv6),
]

/** Iface Destination Gateway Flags RefCnt Use Metric Mask … */
const readIPv4 = (line: string): readonly InterfaceRoute[] => {
  const [name = '', destination = '', , , , , , mask = ''] = line.split('\t')
  if (!/^[\dA-F]{8}$/.test(destination) || !/^[\dA-F]{8}$/.test(mask)) return []
  const prefix = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length
  return routeTo(Buffer.from(destination, 'hex').reverse().toString('latin1'), prefix, name)
}

/** destination, its prefix length (hexadecimal), source, its length, next hop, metric, references, use, flags, interface */
const readIPv6 = (line: string): readonly InterfaceRoute[] => {
  const [destination = '', prefix = '', , , , , , , , name = ''] = line.trim().split(/\s+/)
  if (!/^[\da-f]{32}$/.test(destination) || name === '' || name === 'lo') return []
  return routeTo(Buffer.from(destination, 'hex').toString('latin1'), Number.parseInt(prefix, 16), name)
}

const routeTo = (bytes: string, prefix: number, name: string): readonly InterfaceRoute[] => {
  const range = parseCidr(`${formatAddress(bytes)}/${prefix}`)
  return range === null ? [] : [{ range, name }]
}
