import { familyOf } from '../../model/address.ts'
import { KernelError } from '../errors.ts'
import { Attributes } from '../netlink/reader.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import type { MessageWriter } from '../netlink/writer.ts'

/** include/uapi/linux/genetlink.h: the family that knows the numbers of the others */
const GENL_ID_CTRL = 16
const CTRL_CMD_GETFAMILY = 3
const control = { familyId: 1, familyName: 2 } as const
/** struct genlmsghdr: command, version (u8 each), reserved u16 */
const GENLMSG = 4

/** include/uapi/linux/ip_vs.h */
const IPVS_CMD_DEL_SERVICE = 3
const IPVS_VERSION = 1
const IPVS_CMD_ATTR_SERVICE = 1
const service = { family: 1, protocol: 2, address: 3, port: 4 } as const
const AF = { ip: 2, ip6: 10 } as const
const protocolNumbers = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** A virtual service of IPVS. */
export interface VirtualService {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  /** canonical */
  readonly address: string
  readonly port: number
}

/**
 * Deletes virtual services; those that are gone already are fine. `bytes` gives an address its network bytes (latin1).
 * @throws KernelError for the first that is refused
 */
export const deleteVirtualServices = async (
  requests: NetlinkRequests,
  services: readonly VirtualService[],
  bytes: (address: string) => string,
): Promise<void> => {
  if (services.length === 0) return
  const family = await requests.ask(getFamily('IPVS'))
  const operation = 'ipvs delete service'
  const refused = await requests.commands(operation, services, (writer, one, flags, sequence) => {
    begin(writer, { family, command: IPVS_CMD_DEL_SERVICE, version: IPVS_VERSION }, flags, sequence)
    const at = writer.open(IPVS_CMD_ATTR_SERVICE)
    u16le(writer, service.family, familyOf(one.address) === 'IPv6' ? AF.ip6 : AF.ip)
    u16le(writer, service.protocol, protocolNumbers[one.protocol])
    writer.raw(service.address, bytes(one.address).padEnd(16, '\0'))
    writer.u16be(service.port, one.port)
    writer.close(at)
    writer.end()
  })
  for (const [errno, count] of refused)
    if (errno !== 'ESRCH' && errno !== 'ENOENT')
      throw new KernelError({ operation, errno, detail: `${count} of ${services.length} services` })
}

/** IPVS' numbers are the host's, but for ports. */
const u16le = (writer: MessageWriter, type: number, value: number): void =>
  writer.raw(type, String.fromCharCode(value & 0xff, value >> 8))

interface Command {
  readonly family: number
  readonly command: number
  readonly version: number
}

const begin = (writer: MessageWriter, { family, command, version }: Command, flags: number, sequence: number): void => {
  writer.begin(family, flags, sequence)
  writer.append(String.fromCharCode(command, version, 0, 0))
}

const getFamily = (name: string): Request<number> => ({
  operation: 'generic netlink family',
  object: name,
  write(writer, flags, sequence) {
    begin(writer, { family: GENL_ID_CTRL, command: CTRL_CMD_GETFAMILY, version: 1 }, flags, sequence)
    writer.string(control.familyName, name)
    writer.end()
  },
  decode({ bytes, start, end }, fault, into) {
    const attributes = new Attributes(bytes, start + GENLMSG, end, fault)
    while (attributes.next())
      if (attributes.type === control.familyId) into.push(Buffer.from(attributes.raw(), 'latin1').readUInt16LE(0))
  },
})
