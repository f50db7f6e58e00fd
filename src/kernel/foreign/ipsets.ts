import { KernelError } from '../errors.ts'
import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import { NFPROTO_IPV4 } from '../netlink/wire.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import { attributesOf } from '../nftables/objects.ts'

/** include/uapi/linux/netfilter/ipset/ip_set.h */
const NFNL_SUBSYS_IPSET = 6
const IPSET_CMD_DESTROY = 3
const IPSET_CMD_LIST = 7
const PROTOCOL = 6
const attribute = { protocol: 1, setName: 2, flags: 6, data: 7, adt: 8, portFrom: 4 } as const
/** ipset has errors of its own from 4096 on */
const IPSET_ERR_BUSY = 'errno 4100'
const IPSET_FLAG_LIST_SETNAME = 1 << 1

/** The names of all ipsets, sorted; none where the kernel has no ipset. */
export const listSets = async (requests: NetlinkRequests): Promise<readonly string[]> => {
  try {
    return [...new Set(await requests.dump(list))].sort()
  } catch (error) {
    if (error instanceof KernelError && (error.errno === 'EINVAL' || error.errno === 'EOPNOTSUPP')) return []
    throw error
  }
}

/** The ports that a set of ports (bitmap:port) or of addresses and ports holds. */
export const listPorts = async (requests: NetlinkRequests, set: string): Promise<ReadonlySet<number>> =>
  new Set(await requests.dump(ports(set)))

/** A set that is in use is refused: its name comes back with the errno. A set that has gone by itself is none. */
export const destroySets = async (
  requests: NetlinkRequests,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const refused = new Map<string, string>()
  for (const name of names) {
    const answers = await requests.commands('ipset destroy', [name], (writer, set, flags, sequence) => {
      begin(writer, IPSET_CMD_DESTROY, flags, sequence)
      writer.string(attribute.setName, set)
      writer.end()
    })
    for (const errno of answers.keys())
      if (errno !== 'ENOENT') refused.set(name, errno === IPSET_ERR_BUSY ? 'EBUSY' : errno)
  }
  return refused
}

const begin = (writer: MessageWriter, command: number, flags: number, sequence: number): void => {
  writer.beginNetfilter((NFNL_SUBSYS_IPSET << 8) | command, flags, sequence, NFPROTO_IPV4)
  writer.u8(attribute.protocol, PROTOCOL)
}

const list: Request<string> = {
  operation: 'ipset list',
  object: '',
  write(writer, flags, sequence) {
    begin(writer, IPSET_CMD_LIST, flags, sequence)
    // NLA_F_NET_BYTEORDER
    writer.u32be(attribute.flags | 0x4000, IPSET_FLAG_LIST_SETNAME)
    writer.end()
  },
  decode(message, fault, into) {
    const attributes = attributesOf(message, fault)
    while (attributes.next()) if (attributes.type === attribute.setName) into.push(attributes.string())
  },
}

const ports = (set: string): Request<number> => ({
  operation: 'ipset list',
  object: set,
  write(writer, flags, sequence) {
    begin(writer, IPSET_CMD_LIST, flags, sequence)
    writer.string(attribute.setName, set)
    writer.end()
  },
  decode(message, fault, into) {
    const attributes = attributesOf(message, fault)
    while (attributes.next()) {
      if (attributes.type !== attribute.adt) continue
      const elements = attributes.nested()
      while (elements.next()) {
        const element = elements.nested()
        while (element.next()) if (element.type === attribute.portFrom) into.push(element.u16be())
      }
    }
  },
})
