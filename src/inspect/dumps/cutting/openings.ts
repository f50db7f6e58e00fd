import { type Dialect, dialectOf } from './dialect.ts'
import { unprefixed } from './prefixes.ts'

/** Names that only kube-proxy gives. */
export const kubeProxyBlock =
  /^\s*(?:(?:map|set) (?:service-ips|service-nodeports|no-endpoint-services|no-endpoint-nodeports|firewall-ips|cluster-ips|nodeport-ips|hairpin-connections)|chain (?:(?:service|external|endpoint|firewall)-[A-Z\d]{8}-\S+|services|masquerading|mark-for-masquerade|nodeport-endpoints-check|service-endpoints-check|cluster-ips-check)) \{/

/** What stands before a listing in a block: the shortest, as a listing's own first line may begin with `#`; '' it is none. */
export const prefixOf = (line: string): string => {
  const marks = /^(?:[ \t]*(?:[>|#]|\/\/)){0,4}[ \t]*/.exec(line)?.[0] ?? ''
  for (let end = 1; end <= marks.length; end++) {
    const next = line.charCodeAt(end)
    if (next === 0x20 || next === 0x09) continue
    if (begins(line.slice(end))) return marks.slice(0, end)
  }
  // numbers that are set right are no block of their own
  if (marks === '' || unprefixed(line) !== null) return ''
  for (let end = 1; end <= marks.length; end++) {
    if (end > 1 && end < marks.length && /^\s\s/.test(line.slice(end - 1, end + 1))) continue
    const logged = unprefixed(line.slice(end))
    if (logged !== null && begins(logged.line.trimStart())) return marks.slice(0, end)
  }
  return ''
}

const begins = (line: string): boolean => opens.has(dialectOf(line) ?? 'objects') || kubeProxyBlock.test(line)

/** A listing in a log, or one that is set off there once more. */
export const beginsWithin = (line: string): boolean => {
  const text = line.trimStart()
  if (opensLog.has(dialectOf(text) ?? 'objects') || kubeProxyBlock.test(text) || prefixOf(line) !== '') return true
  const logged = unprefixed(line)
  return logged !== null && begins(logged.line.trimStart())
}

/** What a block in another text may begin with; objects and routes look too much like prose and nested YAML. */
const opens: ReadonlySet<Dialect> = new Set([
  'iptables-save',
  'iptables -nvL',
  'nft list ruleset',
  'ipvsadm -Ln',
  'ipvsadm -Sn',
  'ipset list',
  'ipset save',
  'conntrack -L',
])

/** What stands in a log is less likely to look like one of these by chance. */
const opensLog: ReadonlySet<Dialect> = new Set([...opens, 'nft -j list ruleset', 'ip addr', 'ip route'])
