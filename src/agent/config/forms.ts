import { canonicalAddress, canonicalCidr, familyOf, formatEndpoint } from '../../model/address.ts'
import type { BindAddress } from './types.ts'

/** `IP:port`, `[IP]:port` or an IP alone, which gets this port; canonical, null for anything else (a host name, port 0). */
export const parseEndpoint =
  (port: number) =>
  (text: string): string | null => {
    const alone = canonicalAddress(text)
    if (alone !== null) return formatEndpoint(alone, port)
    const endpoint = splitEndpoint(text)
    return endpoint && formatEndpoint(endpoint.host, endpoint.port)
  }

/** Of `IP:port` or `[IP]:port`. */
export const splitEndpoint = (text: string): BindAddress | null => {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const host = canonicalAddress(bracketed ?? plain ?? '')
  const port = Number(digits)
  return host === null || port < 1 || port > 65_535 ? null : { host, port }
}

/** `10.0.0.0/8` or `10.0.0.0/8,fd00::/64`: canonical, at most one of each family; null for anything else. */
export const parseClusterCidrs = (text: string): string | null => {
  const cidrs = text.split(',').map((part) => canonicalCidr(part.trim()))
  const families = new Set(cidrs.map((cidr) => cidr && familyOf(cidr)))
  return cidrs.includes(null) || families.size < cidrs.length ? null : cidrs.join(',')
}

/** A CIDR or `primary`. */
export const parseNodePortAddress = (text: string): string | null =>
  text === 'primary' ? text : canonicalCidr(text.trim())

/**
 * The name of a network interface, or the beginning of one: at most 15 bytes without `/`, white space and what would be a
 * wildcard to nft or iptables (net/core/dev.c dev_valid_name). null for anything else.
 */
export const parseInterface = (text: string): string | null =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the kernel takes any byte but these
  /^[^\s/:*+\0]{1,15}$/.test(text) && Buffer.byteLength(text) <= 15 && text !== '.' && text !== '..' ? text : null

/** `<major>.<minor>` */
export const parseMinorVersion = (text: string): string | null => (/^\d+\.\d+$/.test(text) ? text : null)
