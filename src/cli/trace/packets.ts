import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { canonicalAddress, familyOf } from '../../model/address.ts'
import type { Protocol } from '../../model/objects.ts'
import type { Packet } from '../../model/packet.ts'

/** `10.96.0.10:53/udp`, `[fd00::1]:80`; TCP where no protocol is said. Throws with what is wrong. */
export const parseTarget = (target: string): Pick<Packet, 'to' | 'port' | 'protocol'> => {
  const match = /^(?:\[([^\]]+)\]|([^:/\s]+)):(\d+)(?:\/(\w+))?$/.exec(target)
  if (match === null)
    throw new Error(`--to ${show(target)}: must read ADDRESS:PORT/PROTOCOL, e.g. 10.96.0.10:53/udp or [fd00::1]:80/tcp`)
  const [, bracketed, bare, port, protocol = 'tcp'] = match
  return {
    to: addressIn(bracketed ?? bare, '--to'),
    port: portIn(Number(port), '--to'),
    protocol: protocolIn(protocol, '--to'),
  }
}

export const parseSource = (from: string): string => addressIn(from, '--from')

/** JSON lines of {name?, from, to, port, protocol}. Throws naming file, line and field. */
export const readPackets = async (
  file: string,
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Packet[]> => {
  const content = file === '-' ? await text(stdin) : await readFile(file, 'utf8')
  return content.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    return [parsePacket(line, `${file === '-' ? 'stdin' : file}:${index + 1}`)]
  })
}

const parsePacket = (line: string, where: string): Packet => {
  const fields = jsonObject(line, where)
  const { name, from, to, port, protocol = 'TCP' } = fields
  if (name !== undefined && typeof name !== 'string') throw new Error(`${where}: name: must be text, not ${show(name)}`)
  const packet = {
    from: addressIn(from, `${where}: from`),
    to: addressIn(to, `${where}: to`),
    port: portIn(port, `${where}: port`),
    protocol: protocolIn(protocol, `${where}: protocol`),
  }
  sameFamily(packet, where)
  return name === undefined ? packet : { name, ...packet }
}

/** Throws where the two addresses are of different families: there is no such packet. */
export const sameFamily = ({ from, to }: Pick<Packet, 'from' | 'to'>, where: string): void => {
  if (familyOf(from) !== familyOf(to)) throw new Error(`${where}: ${from} and ${to} are not of one address family`)
}

const jsonObject = (line: string, where: string): Record<string, unknown> => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new Error(`${where}: is not JSON`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where}: must be a JSON object`)
  return { ...value }
}

const addressIn = (value: unknown, where: string): string => {
  const address = typeof value === 'string' ? canonicalAddress(value) : null
  if (address === null) throw new Error(`${where}: must be an IP address, not ${show(value)}`)
  return address
}

const portIn = (value: unknown, where: string): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  throw new Error(`${where}: must be a port number, 1 to 65535, not ${show(value)}`)
}

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP']

const protocolIn = (value: unknown, where: string): Protocol => {
  const known = protocols.find((name) => name === String(value).toUpperCase())
  if (known === undefined) throw new Error(`${where}: must be tcp, udp or sctp, not ${show(value)}`)
  return known
}

const show = (value: unknown): string => {
  const shown = JSON.stringify(value) ?? String(value)
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown
}
