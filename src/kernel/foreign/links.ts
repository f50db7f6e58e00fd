import type { NetlinkRequests } from '../netlink/requests.ts'
import { KernelError } from '../errors.ts'
import type { MessageWriter } from '../netlink/writer.ts'

/** include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h */
const RTM_DELLINK = 17
const RTM_DELADDR = 21
/** struct ifinfomsg: family, pad (u8), type (u16), index (i32), flags, change (u32) */
const IFINFOMSG = 16
const IFLA_IFNAME = 3
const IFA_LOCAL = 2
const AF_INET = 2
const AF_INET6 = 10

/** Removes a network device by name; one that has gone is fine. */
export const deleteLink = (requests: NetlinkRequests, name: string): Promise<void> =>
  one(requests, `delete link ${name}`, (writer, flags, sequence) => {
    writer.begin(RTM_DELLINK, flags, sequence)
    writer.append('\0'.repeat(IFINFOMSG))
    writer.string(IFLA_IFNAME, name)
    writer.end()
  })

/** Removes an address (network bytes, latin1) with all bits of its prefix from the device with this index. */
export const deleteAddress = (requests: NetlinkRequests, index: number, bytes: string): Promise<void> =>
  one(requests, `delete address of link ${index}`, (writer, flags, sequence) => {
    const family = bytes.length === 4 ? AF_INET : AF_INET6
    writer.begin(RTM_DELADDR, flags, sequence)
    const header = Buffer.alloc(8)
    header[0] = family
    header[1] = bytes.length * 8
    header.writeUInt32LE(index, 4)
    writer.append(header.toString('latin1'))
    writer.raw(IFA_LOCAL, bytes)
    writer.end()
  })

const one = async (
  requests: NetlinkRequests,
  operation: string,
  write: (writer: MessageWriter, flags: number, sequence: number) => void,
): Promise<void> => {
  const refused = await requests.commands(operation, [0], (writer, _item, flags, sequence) =>
    write(writer, flags, sequence),
  )
  for (const errno of refused.keys())
    if (errno !== 'ENODEV' && errno !== 'EADDRNOTAVAIL') throw new KernelError({ operation, errno })
}
