import { formatAddress } from '../../model/address.ts'
import { KernelError } from '../errors.ts'
import { Attributes } from '../netlink/reader.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import type { MessageWriter } from '../netlink/writer.ts'

/** include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h */
/** struct ifaddrmsg: family, prefix length, flags, scope (u8 each), index (u32) */
const IFADDRMSG = 8
const RTM_NEWADDR = 20
const RTM_GETADDR = 22
const RTM_DELLINK = 17
const RTM_DELADDR = 21
/** struct ifinfomsg: family, pad (u8), type (u16), index (i32), flags, change (u32) */
const IFINFOMSG = 16
const IFLA_IFNAME = 3
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const AF_INET = 2
const AF_INET6 = 10

/** The addresses of the device with this index. */
export const listLinkAddresses = (requests: NetlinkRequests, index: number): Promise<readonly string[]> =>
  requests.dump(addressesOf(index))

const addressesOf = (index: number): Request<string> => ({
  operation: 'rtnetlink list addresses',
  object: `link ${index}`,
  write(writer, flags, sequence) {
    writer.begin(RTM_GETADDR, flags, sequence)
    writer.append('\0'.repeat(IFADDRMSG))
    writer.end()
  },
  decode({ type, bytes, start, end }, fault, into) {
    if (type !== RTM_NEWADDR || end - start < IFADDRMSG || bytes.readUInt32LE(start + 4) !== index) return
    const attributes = new Attributes(bytes, start + IFADDRMSG, end, fault)
    let address = ''
    while (attributes.next())
      if (attributes.type === IFA_LOCAL || (attributes.type === IFA_ADDRESS && address === ''))
        address = attributes.raw()
    if (address.length === 4 || address.length === 16) into.push(formatAddress(address))
  },
})

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
    const header = Buffer.alloc(IFADDRMSG)
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
