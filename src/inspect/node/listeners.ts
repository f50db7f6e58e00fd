import { formatAddress } from '../../model/address.ts'
import type { Listener } from '../../kernel/foreign/index.ts'
import type { NodeSight } from './sight.ts'

/** /proc/net files and the state of a socket that listens: TCP_LISTEN; UDP sockets without a peer are in TCP_CLOSE. */
const tables = [
  { source: '/proc/net/tcp', protocol: 'TCP', state: '0A' },
  { source: '/proc/net/tcp6', protocol: 'TCP', state: '0A' },
  { source: '/proc/net/udp', protocol: 'UDP', state: '07' },
  { source: '/proc/net/udp6', protocol: 'UDP', state: '07' },
] as const

/** Who listens in this network namespace: asked of the kernel, else read from /proc, which lists every connection too. */
export const listeners = async (sight: NodeSight): Promise<readonly Listener[]> =>
  (await sight.listeners()) ?? readListeners(sight)

const readListeners = (sight: NodeSight): readonly Listener[] =>
  tables.flatMap(({ source, protocol, state }) =>
    sight.lines(source).flatMap((line) => {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, local = '', , socketState, , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      if (socketState !== state) return []
      return [{ protocol, address: parseProcAddress(address), port: Number.parseInt(port, 16), inode }]
    }),
  )

/** The kernel prints each 4 bytes as a number of the host's order: `0100007F` is 127.0.0.1. */
const parseProcAddress = (text: string): string => {
  const bytes = Buffer.from(text, 'hex')
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse()
  return bytes.length === 4 || bytes.length === 16 ? formatAddress(bytes.toString('latin1')) : text
}

/** A server at one of the two keeps the other from listening at the same port. */
export const clash = (a: string, b: string): boolean =>
  a === b || a === '::' || b === '::' || (isAny(a) && !b.includes(':')) || (isAny(b) && !a.includes(':'))

const isAny = (address: string): boolean => address === '0.0.0.0'
