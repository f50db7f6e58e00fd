/**
 * Which options belong to which match or target (libxt_*, libipt_*, libip6t_* of iptables 1.8): rules as people write them mix the
 * options of several (`-m tcp -m comment --comment x --dport 80`).
 */
const owned = (names: string): ReadonlySet<string> => new Set(names.split(' ').map((name) => `--${name}`))

const ports = 'sport source-port dport destination-port'

export const matchOptions: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['addrtype', owned('src-type dst-type limit-iface-in limit-iface-out')],
  ['cgroup', owned('cgroup path')],
  ['comment', owned('comment')],
  ['connlimit', owned('connlimit-above connlimit-upto connlimit-mask connlimit-saddr connlimit-daddr')],
  ['connmark', owned('mark')],
  [
    'conntrack',
    owned(
      'ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport ctrepldstport ctstatus ctexpire ctdir',
    ),
  ],
  ['dccp', owned(`${ports} dccp-types dccp-option`)],
  [
    'hashlimit',
    owned(
      'hashlimit hashlimit-upto hashlimit-above hashlimit-burst hashlimit-mode hashlimit-srcmask hashlimit-dstmask hashlimit-name hashlimit-htable-size hashlimit-htable-max hashlimit-htable-expire hashlimit-htable-gcinterval hashlimit-rate-match hashlimit-rate-interval',
    ),
  ],
  ['icmp', owned('icmp-type')],
  ['icmp6', owned('icmpv6-type')],
  ['iprange', owned('src-range dst-range')],
  ['limit', owned('limit limit-burst')],
  ['mac', owned('mac-source')],
  ['mark', owned('mark')],
  ['multiport', owned('source-ports sports destination-ports dports ports port')],
  ['nfacct', owned('nfacct-name')],
  ['owner', owned('uid-owner gid-owner socket-exists suppl-groups')],
  ['physdev', owned('physdev-in physdev-out physdev-is-in physdev-is-out physdev-is-bridged')],
  ['pkttype', owned('pkt-type')],
  ['policy', owned('dir pol strict reqid spi proto mode tunnel-src tunnel-dst next')],
  ['quota', owned('quota')],
  ['recent', owned('set rcheck update remove seconds reap hitcount rttl name mask rsource rdest')],
  ['rpfilter', owned('loose validmark accept-local invert')],
  ['sctp', owned(`${ports} chunk-types`)],
  [
    'set',
    owned(
      'match-set return-nomatch update-counters update-subcounters packets-eq packets-lt packets-gt bytes-eq bytes-lt bytes-gt set',
    ),
  ],
  ['socket', owned('transparent nowildcard restore-skmark')],
  ['state', owned('state')],
  ['statistic', owned('mode probability every packet')],
  ['tcp', owned(`${ports} tcp-flags syn tcp-option`)],
  ['udp', owned(ports)],
  ['udplite', owned(ports)],
])

export const targetOptions: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['ACCEPT', owned('')],
  ['AUDIT', owned('type')],
  ['CHECKSUM', owned('checksum-fill')],
  ['CLASSIFY', owned('set-class')],
  ['CLUSTERIP', owned('new hashmode clustermac total-nodes local-node hash-init')],
  [
    'CONNMARK',
    owned(
      'set-xmark set-mark and-mark or-mark xor-mark save-mark restore-mark nfmask ctmask mask left-shift-mark right-shift-mark',
    ),
  ],
  ['CONNSECMARK', owned('save restore')],
  ['CT', owned('notrack helper ctevents expevents zone zone-orig zone-reply timeout')],
  ['DNAT', owned('to-destination random persistent')],
  ['DNPT', owned('src-pfx dst-pfx')],
  ['DROP', owned('')],
  ['DSCP', owned('set-dscp set-dscp-class')],
  ['ECN', owned('ecn-tcp-remove')],
  ['HL', owned('hl-set hl-dec hl-inc')],
  ['HMARK', owned('hmark-tuple hmark-mod hmark-offset hmark-src-prefix hmark-dst-prefix hmark-rnd hmark-proto-mask')],
  ['IDLETIMER', owned('timeout label alarm')],
  ['LED', owned('led-trigger-id led-delay led-always-blink')],
  ['LOG', owned('log-level log-prefix log-tcp-sequence log-tcp-options log-ip-options log-uid log-macdecode')],
  ['MARK', owned('set-xmark set-mark and-mark or-mark xor-mark')],
  ['MASQUERADE', owned('to-ports random random-fully')],
  ['NETMAP', owned('to')],
  ['NFLOG', owned('nflog-group nflog-prefix nflog-range nflog-size nflog-threshold')],
  ['NFQUEUE', owned('queue-num queue-balance queue-bypass queue-cpu-fanout')],
  ['NOTRACK', owned('')],
  ['QUEUE', owned('')],
  ['RATEEST', owned('rateest-name rateest-interval rateest-ewmalog')],
  ['REDIRECT', owned('to-ports random')],
  ['REJECT', owned('reject-with')],
  ['RETURN', owned('')],
  ['SECMARK', owned('selctx')],
  ['SET', owned('add-set del-set map-set timeout exist map-mark map-prio map-queue')],
  ['SNAT', owned('to-source random random-fully persistent')],
  ['SNPT', owned('src-pfx dst-pfx')],
  ['SYNPROXY', owned('mss wscale sack-perm timestamp ecn')],
  ['TCPMSS', owned('set-mss clamp-mss-to-pmtu')],
  ['TCPOPTSTRIP', owned('strip-options')],
  ['TEE', owned('gateway oif')],
  ['TOS', owned('set-tos and-tos or-tos xor-tos')],
  ['TPROXY', owned('on-port on-ip tproxy-mark')],
  ['TRACE', owned('')],
  ['TTL', owned('ttl-set ttl-dec ttl-inc')],
  ['ULOG', owned('ulog-nlgroup ulog-prefix ulog-cprange ulog-qthreshold')],
])

/** One way to write each option. */
export const optionAliases: ReadonlyMap<string, string> = new Map([
  ['--src', '-s'],
  ['--source', '-s'],
  ['--dst', '-d'],
  ['--destination', '-d'],
  ['--in-interface', '-i'],
  ['--out-interface', '-o'],
  ['--proto', '-p'],
  ['--protocol', '-p'],
  ['--fragment', '-f'],
  ['--match', '-m'],
  ['--jump', '-j'],
  ['--goto', '-g'],
  ['--set-counters', '-c'],
  ['--ipv4', '-4'],
  ['--ipv6', '-6'],
  ['--source-port', '--sport'],
  ['--destination-port', '--dport'],
  ['--source-ports', '--sports'],
  ['--destination-ports', '--dports'],
  ['--port', '--ports'],
])

/** Matches by other names: kernels and versions differ. */
export const matchAliases: ReadonlyMap<string, string> = new Map([['icmpv6', 'icmp6']])
