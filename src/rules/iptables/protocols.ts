/** /etc/protocols as far as firewalls name it: the names that iptables-save prints, then other names people write. */
const numbers: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipencap', 4],
  ['tcp', 6],
  ['egp', 8],
  ['udp', 17],
  ['dccp', 33],
  ['ipv6', 41],
  ['ipv6-route', 43],
  ['ipv6-frag', 44],
  ['rsvp', 46],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-icmp', 58],
  ['ipv6-nonxt', 59],
  ['ipv6-opts', 60],
  ['ospf', 89],
  ['ipip', 94],
  ['pim', 103],
  ['ipcomp', 108],
  ['vrrp', 112],
  ['l2tp', 115],
  ['sctp', 132],
  ['ipv6-mh', 135],
  ['udplite', 136],
  ['icmpv6', 58],
  ['icmp6', 58],
  ['ip', 0],
  ['all', 0],
  ['mh', 135],
])

const names: ReadonlyMap<number, string> = new Map(
  Array.from(numbers, ([name, number]) => [number, name] as const).reverse(),
)

/** An IP protocol by name or number, 0 for all; null where the text is neither. */
export const parseProtocol = (text: string): number | null => {
  const known = numbers.get(text) ?? numbers.get(text.toLowerCase())
  if (known !== undefined) return known
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : null
}

/** As iptables-save prints it. */
export const formatProtocol = (number: number): string => names.get(number) ?? String(number)
