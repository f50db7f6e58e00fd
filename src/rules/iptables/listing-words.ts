/**
 * What iptables -L prints behind the addresses of a rule (the `print` functions of libxt_*), back in the words of a rule. Matches come
 * first, then the target's own text; nothing separates them.
 */
export interface ListingWords {
  readonly matches: readonly string[]
  readonly target: readonly string[]
  /** words that no pattern knows */
  readonly strays: readonly string[]
  readonly goto: boolean
}

type Words = { readonly match: readonly string[] } | { readonly target: readonly string[] } | { readonly goto: true }
type Groups = readonly (string | undefined)[]

interface Pattern {
  readonly pattern: RegExp
  readonly words: (groups: Groups, target: string) => Words | null
}

const pattern = (source: string, words: Pattern['words']): Pattern => ({
  pattern: new RegExp(`${source}(?=\\s|$)`, 'y'),
  words,
})

/** `! ` before the option, where the text has it. */
const not = (text: string | undefined): readonly string[] => (text === undefined || text.trim() === '' ? [] : ['!'])

const match = (...words: readonly string[]): Words => ({ match: words })
const target = (...words: readonly string[]): Words => ({ target: words })
const own = (name: string, of: string, ...words: readonly string[]): Words | null =>
  name === of ? target(...words) : null

const number = String.raw`(\S+)`

const matches: readonly Pattern[] = [
  pattern(String.raw`/\* (.*?) \*/`, ([, text = '']) => match('-m', 'comment', '--comment', text)),
  pattern(String.raw`(tcp|udp|udplite|sctp|dccp)`, ([, name = '']) => match('-m', name)),
  pattern(String.raw`(s|d)pts?:(!)?(\S+)`, ([, side = '', negated, ports = '']) =>
    match(...not(negated), `--${side}port`, ports),
  ),
  pattern(String.raw`flags:\s?(!)?\s?(0x[\dA-Fa-f]+)/(0x[\dA-Fa-f]+)`, ([, negated, mask = '', set = '']) =>
    match(...not(negated), '--tcp-flags', mask, set),
  ),
  pattern(String.raw`flags:\s?(!)?\s?([A-Z][A-Z,]+)/([A-Z][A-Z,]+)`, ([, negated, mask = '', set = '']) =>
    match(...not(negated), '--tcp-flags', mask, set),
  ),
  pattern(String.raw`(!)?\s?icmp ?type (\d+)(?: code (\d+))?`, ([, negated, type = '', code]) =>
    match('-m', 'icmp', ...not(negated), '--icmp-type', code === undefined ? type : `${type}/${code}`),
  ),
  pattern(String.raw`(!)?\s?ipv6-icmp ?type (\d+)(?: code (\d+))?`, ([, negated, type = '', code]) =>
    match('-m', 'icmp6', ...not(negated), '--icmpv6-type', code === undefined ? type : `${type}/${code}`),
  ),
  pattern(String.raw`(! )?state (\S+)`, ([, negated, states = '']) =>
    match('-m', 'state', ...not(negated), '--state', states),
  ),
  pattern(
    String.raw`(! )?(ctstate|ctproto|ctorigsrc|ctorigdst|ctreplsrc|ctrepldst|ctorigsrcport|ctorigdstport|ctreplsrcport|ctrepldstport|ctstatus|ctexpire|ctdir) (\S+)`,
    ([, negated, name = '', value = '']) => match('-m', 'conntrack', ...not(negated), `--${name}`, value),
  ),
  pattern('ADDRTYPE match', () => match('-m', 'addrtype')),
  pattern(String.raw`(src|dst)-type (!)?(\S+)`, ([, side = '', negated, types = '']) =>
    match(...not(negated), `--${side}-type`, types),
  ),
  pattern('limit-(in|out)', ([, side = '']) => match(`--limit-iface-${side}`)),
  pattern(String.raw`mark match\s+(! )?(\S+)`, ([, negated, mark = '']) =>
    match('-m', 'mark', ...not(negated), '--mark', mark),
  ),
  pattern(String.raw`connmark match\s+(! ?)?(\S+)`, ([, negated, mark = '']) =>
    match('-m', 'connmark', ...not(negated), '--mark', mark),
  ),
  pattern(String.raw`statistic mode random( !)? probability ${number}`, ([, negated, p = '']) =>
    match('-m', 'statistic', '--mode', 'random', ...not(negated), '--probability', p),
  ),
  pattern(String.raw`statistic mode nth( !)? every ${number}(?: packet (\d+))?`, ([, negated, n = '', packet = '0']) =>
    match('-m', 'statistic', '--mode', 'nth', ...not(negated), '--every', n, '--packet', packet),
  ),
  pattern(
    String.raw`(! ?)?recent: (SET|CHECK|UPDATE|REMOVE)((?: seconds: \d+| reap| hit_count: \d+| TTL-Match)*) name: (\S+) side: (source|dest)(?: mask: (\S+))?`,
    ([, negated, mode = '', details = '', name = '', side, mask]) =>
      match(
        '-m',
        'recent',
        ...not(negated),
        recentModes[mode] ?? '',
        ...recentDetails(details),
        '--name',
        name,
        ...(mask === undefined ? [] : ['--mask', mask]),
        side === 'dest' ? '--rdest' : '--rsource',
      ),
  ),
  pattern(String.raw`(! )?match-set (\S+) (\S+)`, ([, negated, name = '', flags = '']) =>
    match('-m', 'set', ...not(negated), '--match-set', name, flags),
  ),
  pattern(String.raw`multiport (s|d)?ports\s+(! ?)?([\d,:]+)`, ([, side = '', negated, ports = '']) =>
    match('-m', 'multiport', ...not(negated), `--${side}ports`, ports),
  ),
  pattern(String.raw`limit: avg (\S+) burst (\d+)`, ([, rate = '', burst = '']) =>
    match('-m', 'limit', '--limit', rate, '--limit-burst', burst),
  ),
  pattern(
    String.raw`limit: (up to|above) (\S+) burst (\d+)(?: mode (\S+))?(?: htable-\S+ \d+| srcmask \d+| dstmask \d+)*`,
    ([, how, rate = '', burst = '', mode]) =>
      match(
        '-m',
        'hashlimit',
        how === 'above' ? '--hashlimit-above' : '--hashlimit-upto',
        rate,
        '--hashlimit-burst',
        burst,
        ...(mode === undefined ? [] : ['--hashlimit-mode', mode]),
      ),
  ),
  pattern(String.raw`(! )?owner (U|G)ID match (\S+)`, ([, negated, kind, id = '']) =>
    match('-m', 'owner', ...not(negated), kind === 'U' ? '--uid-owner' : '--gid-owner', id),
  ),
  pattern('(! )?owner socket exists', ([, negated]) => match('-m', 'owner', ...not(negated), '--socket-exists')),
  pattern(String.raw`MAC\s*(! ?)?((?:[\dA-Fa-f]{2}:){5}[\dA-Fa-f]{2})`, ([, negated, mac = '']) =>
    match('-m', 'mac', ...not(negated), '--mac-source', mac),
  ),
  pattern(String.raw`(source|destination) IP range (! )?(\S+)`, ([, side, negated, range = '']) =>
    match('-m', 'iprange', ...not(negated), side === 'source' ? '--src-range' : '--dst-range', range),
  ),
  pattern(String.raw`PHYSDEV match((?: (?:! )?--physdev-(?:is-\S+|(?:in|out) \S+))+)`, ([, options = '']) =>
    match('-m', 'physdev', ...options.trim().split(/\s+/)),
  ),
  pattern(String.raw`PKTTYPE (!?)= (\S+)`, ([, negated, type = '']) =>
    match('-m', 'pkttype', ...not(negated), '--pkt-type', type),
  ),
  pattern(String.raw`socket((?: --\S+)*)`, ([, options = '']) =>
    match('-m', 'socket', ...options.split(' ').filter(Boolean)),
  ),
  pattern(String.raw`rpfilter((?: loose| validmark| accept-local| invert)*)`, ([, options = '']) =>
    match(
      '-m',
      'rpfilter',
      ...options
        .split(' ')
        .filter(Boolean)
        .map((name) => `--${name}`),
    ),
  ),
  pattern(String.raw`policy match dir (in|out) pol (\S+)`, ([, side = '', kind = '']) =>
    match('-m', 'policy', '--dir', side, '--pol', kind),
  ),
  pattern(String.raw`nfacct-name\s+(\S+)`, ([, name = '']) => match('-m', 'nfacct', '--nfacct-name', name)),
  pattern(String.raw`#conn (?:src|dst)/\S+ (>|<=) (\d+)`, ([, sign, count = '']) =>
    match('-m', 'connlimit', sign === '>' ? '--connlimit-above' : '--connlimit-upto', count),
  ),
  pattern(String.raw`quota: (\d+) bytes`, ([, bytes = '']) => match('-m', 'quota', '--quota', bytes)),
]

const recentModes: Readonly<Record<string, string>> = {
  SET: '--set',
  CHECK: '--rcheck',
  UPDATE: '--update',
  REMOVE: '--remove',
}

const recentDetails = (text: string): readonly string[] =>
  Array.from(text.matchAll(/(seconds|hit_count): (\d+)|reap|TTL-Match/g), ([whole, name, value = '']) =>
    whole === 'reap'
      ? ['--reap']
      : whole === 'TTL-Match'
        ? ['--rttl']
        : [name === 'seconds' ? '--seconds' : '--hitcount', value],
  ).flat()

const marks: Readonly<Record<string, string>> = {
  set: '--set-mark',
  xset: '--set-xmark',
  or: '--or-mark',
  and: '--and-mark',
  xor: '--xor-mark',
}

const targets: readonly Pattern[] = [
  pattern(String.raw`\[goto\]`, () => ({ goto: true })),
  pattern(
    String.raw`to:(\S+)`,
    ([, to = ''], name) => own(name, 'DNAT', '--to-destination', to) ?? own(name, 'SNAT', '--to-source', to),
  ),
  pattern('(random|random-fully|persistent)', ([, word = ''], name) =>
    translates.has(name) ? target(`--${word}`) : null,
  ),
  pattern(String.raw`masq ports: (\S+)`, ([, ports = ''], name) => own(name, 'MASQUERADE', '--to-ports', ports)),
  pattern(String.raw`redir ports (\S+)`, ([, ports = ''], name) => own(name, 'REDIRECT', '--to-ports', ports)),
  pattern(String.raw`reject-with (\S+)`, ([, how = ''], name) => own(name, 'REJECT', '--reject-with', how)),
  pattern(String.raw`(CONNMARK|MARK) (set|xset|or|and|xor) (\S+)`, ([, of = '', how = '', value = ''], name) =>
    own(name, of, marks[how] ?? '', value),
  ),
  pattern(
    String.raw`CONNMARK (save|restore)(?: mask (\S+)| nfmask (\S+) ctmask ~?(\S+)| ctmask (\S+) nfmask ~?(\S+))?`,
    ([, how = '', mask, nf, ct, ct2, nf2], name) => {
      const masks = { nf: mask ?? nf ?? nf2, ct: mask ?? ct ?? ct2 }
      return own(
        name,
        'CONNMARK',
        `--${how}-mark`,
        ...(masks.nf === undefined ? [] : ['--nfmask', masks.nf]),
        ...(masks.ct === undefined ? [] : ['--ctmask', masks.ct]),
      )
    },
  ),
  pattern(String.raw`LOG flags (\d+) level (\S+)(?: prefix "(.*?)")?`, ([, , level = '', prefix], name) =>
    own(name, 'LOG', '--log-level', level, ...(prefix === undefined ? [] : ['--log-prefix', prefix])),
  ),
  pattern(
    String.raw`(nflog-(?:prefix|group|range|size|threshold))\s+("[^"]*"|\S+)`,
    ([, option = '', value = ''], name) => own(name, 'NFLOG', `--${option}`, value.replaceAll('"', '')),
  ),
  pattern('CT notrack', (_, name) => own(name, 'CT', '--notrack')),
  pattern('NOTRACK', (_, name) => own(name, 'CT', '--notrack') ?? own(name, 'NOTRACK')),
  pattern(String.raw`CT (helper|zone) (\S+)`, ([, option = '', value = ''], name) =>
    own(name, 'CT', `--${option}`, value),
  ),
  pattern('TCPMSS clamp to PMTU', (_, name) => own(name, 'TCPMSS', '--clamp-mss-to-pmtu')),
  pattern(String.raw`TCPMSS set (\d+)`, ([, mss = ''], name) => own(name, 'TCPMSS', '--set-mss', mss)),
  pattern('CHECKSUM fill', (_, name) => own(name, 'CHECKSUM', '--checksum-fill')),
  pattern(String.raw`TPROXY redirect (\S+):(\d+) mark (\S+)`, ([, ip = '', port = '', mark = ''], name) =>
    own(name, 'TPROXY', '--on-port', port, '--on-ip', ip, '--tproxy-mark', mark),
  ),
  pattern(String.raw`NFQUEUE (?:num|balance) (\S+)((?: bypass| cpu-fanout)*)`, ([, queue = ''], name) =>
    own(name, 'NFQUEUE', '--queue-num', queue),
  ),
]

const translates = new Set(['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT'])

/** `target`: the rule's, which decides what `to:` means. */
export const parseListingWords = (text: string, name: string): ListingWords => {
  const found = { match: [] as string[], target: [] as string[], strays: [] as string[], goto: false }
  for (let at = 0; at < text.length; ) {
    if (text.charCodeAt(at) <= 32) {
      at++
      continue
    }
    const step = next(text, at, name)
    if ('match' in step.words) found.match.push(...step.words.match)
    else if ('target' in step.words) found.target.push(...step.words.target)
    else if ('goto' in step.words) found.goto = true
    else found.strays.push(step.words.stray)
    at = step.end
  }
  return { matches: found.match, target: found.target, strays: found.strays, goto: found.goto }
}

const next = (text: string, at: number, name: string): { words: Words | { stray: string }; end: number } => {
  for (const { pattern: one, words } of all) {
    one.lastIndex = at
    const groups = one.exec(text)
    const read = groups && words(groups, name)
    if (read) return { words: read, end: one.lastIndex }
  }
  let end = at
  while (end < text.length && text.charCodeAt(end) > 32) end++
  return { words: { stray: text.slice(at, end) }, end }
}

const all = [...matches, ...targets]
