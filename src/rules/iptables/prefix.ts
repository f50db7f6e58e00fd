import { parseAddress } from '../../model/address.ts'
import { masked, prefixMask } from '../bytes.ts'
import type { Bytes } from '../model.ts'

/** An address and its mask, which may have holes (`10.0.0.0/255.0.255.0`). The address has no bits outside the mask. */
export interface Prefix {
  readonly address: Bytes
  readonly mask: Bytes
  /** null: the mask has holes */
  readonly length: number | null
}

/** `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`; null where the text is none. */
export const parsePrefix = (text: string): Prefix | null => {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return null
  if (slash < 0) return { address, mask: prefixMask(address.length * 8, address.length), length: address.length * 8 }
  const mask = parseMask(text.slice(slash + 1), address.length)
  return mask === null ? null : { address: masked(address, mask), mask, length: lengthOf(mask) }
}

const parseMask = (text: string, length: number): Bytes | null => {
  if (/^\d{1,3}$/.test(text)) return Number(text) > length * 8 ? null : prefixMask(Number(text), length)
  const mask = parseAddress(text)
  return mask?.length === length ? mask : null
}

const lengthOf = (mask: Bytes): number | null => {
  let bits = 0
  while (bits < mask.length * 8 && (mask.charCodeAt(bits >> 3) << (bits & 7)) & 0x80) bits++
  return mask === prefixMask(bits, mask.length) ? bits : null
}

export interface NumberRange {
  readonly low: number
  readonly high: number
}

/** `80`, `1024:65535`, `:1023`, `80-90`; null where the text is none. */
export const parsePorts = (text: string, separator: ':' | '-' = ':'): NumberRange | null => {
  const at = text.indexOf(separator)
  const low = parsePort(at < 0 ? text : text.slice(0, at) || '0')
  const high = at < 0 ? low : parsePort(text.slice(at + 1) || '65535')
  return low === null || high === null || high < low ? null : { low, high }
}

const parsePort = (text: string): number | null => {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 0xffff ? Number(text) : null
  return services.get(text) ?? null
}

/**
 * Names that every /etc/services has with the same number, as a listing without -n shows them. Those that distributions disagree
 * about (http-alt, webcache) are not understood.
 */
const services: ReadonlyMap<string, number> = new Map(
  `ftp 21 ssh 22 telnet 23 smtp 25 domain 53 bootps 67 bootpc 68 tftp 69 gopher 70 finger 79 http 80 kerberos 88 pop3 110 sunrpc 111
  ntp 123 netbios-ns 137 netbios-dgm 138 netbios-ssn 139 snmp 161 snmp-trap 162 bgp 179 imap3 220 ldap 389 https 443 microsoft-ds 445
  isakmp 500 syslog 514 printer 515 router 520 submission 587 ipp 631 ldaps 636 rsync 873 imaps 993 pop3s 995 socks 1080
  openvpn 1194 ms-sql-s 1433 l2tp 1701 radius 1812 radius-acct 1813 nfs 2049 mysql 3306 svn 3690 ipsec-nat-t 4500 sip 5060
  sip-tls 5061 xmpp-client 5222 xmpp-server 5269 mdns 5353 postgresql 5432 amqps 5671 amqp 5672 x11-1 6001 zabbix-agent 10050
  zabbix-trapper 10051`
    .trim()
    .split(/\n?\s+(?=[a-z])/)
    .map((pair) => {
      const [name = '', port] = pair.split(' ')
      return [name, Number(port)] as const
    }),
)

export interface Masked {
  readonly value: number
  readonly mask: number
}

/** `0x4000/0x4000`, `1` (all bits); null where the text is none. */
export const parseMark = (text: string): Masked | null => {
  const slash = text.indexOf('/')
  const value = parseUnsigned(slash < 0 ? text : text.slice(0, slash))
  const mask = slash < 0 ? 0xffffffff : parseUnsigned(text.slice(slash + 1))
  return value === null || mask === null ? null : { value, mask }
}

/** Decimal, `0x…` or octal with a leading zero, as strtoul reads it, up to 32 bits. */
export const parseUnsigned = (text: string): number | null => {
  const radix = /^0x[\da-f]{1,8}$/i.test(text) ? 16 : /^0[0-7]+$/.test(text) ? 8 : /^\d{1,10}$/.test(text) ? 10 : 0
  if (radix === 0) return null
  const value = Number.parseInt(text, radix)
  return value > 0xffffffff ? null : value
}
