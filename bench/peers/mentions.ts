/** Names that `peerServiceName` makes. */
const serviceNames = /team-\d+\/service-\d+/g

/** The pods' addresses (10.128.0.0/9) and the Services that a netlink message of nf_tables names, as text. */
export const mentionsOf = (message: Buffer): ReadonlySet<string> => {
  const marks = new Set<string>(message.toString('latin1').match(serviceNames))
  for (let at = message.indexOf(10); at >= 0 && at + 4 <= message.length; at = message.indexOf(10, at + 1))
    if ((message[at + 1] ?? 0) >= 128) marks.add(message.subarray(at, at + 4).join('.'))
  return marks
}
