import type { Syntax } from '../nft-rules/syntax.ts'
import { selector } from '../nft-rules/syntax.ts'
import type { Lexer } from './lexer.ts'

/** Words that are a selector by themselves. */
const single = new Set([
  'mark',
  'iif',
  'iifname',
  'iiftype',
  'iifgroup',
  'oif',
  'oifname',
  'oiftype',
  'oifgroup',
  'ibrname',
  'obrname',
  'ibriport',
  'obriport',
  'skuid',
  'skgid',
  'nftrace',
  'rtclassid',
  'pkttype',
  'cpu',
  'cgroup',
  'l4proto',
  'nfproto',
  'protocol',
])

/** Words that one or more others follow. */
const heads = new Set([
  'ip',
  'ip6',
  'tcp',
  'udp',
  'udplite',
  'sctp',
  'dccp',
  'th',
  'icmp',
  'icmpv6',
  'igmp',
  'esp',
  'ah',
  'comp',
  'gre',
  'meta',
  'ct',
  'fib',
  'ether',
  'vlan',
  'arp',
  'rt',
  'socket',
  'osf',
  'ipsec',
  'exthdr',
  'frag',
  'hbh',
  'dst',
  'mh',
  'rt0',
  'rt2',
  'srh',
  'vxlan',
  'geneve',
])

const rawPayload = /^@(?:ll|nh|th|ih),/

export const isSelector = (word: string): boolean => single.has(word) || heads.has(word) || rawPayload.test(word)

/** The current token begins a selector; undefined: its second word is missing. */
export const readSelector = (lexer: Lexer): Syntax | undefined => {
  const words = [lexer.text]
  const head = lexer.text
  lexer.advance()
  if (!heads.has(head)) return selector(head)
  if (lexer.kind !== 'word') return undefined
  if (head === 'fib') return readFib(lexer)
  const next = (): void => {
    words.push(lexer.text)
    lexer.advance()
  }
  next()
  const second = words[1]
  const isDirection = head === 'ct' && (second === 'original' || second === 'reply')
  const isOption = second === 'option' || second === 'chunk' || head === 'exthdr'
  if (head === 'ipsec' && lexer.is('spnum')) for (let i = 0; i < 2 && lexer.kind === 'word'; i++) next()
  const more =
    isDirection || head === 'ipsec'
      ? isFamily(lexer)
        ? 2
        : 1
      : isOption || second === 'cgroupv2'
        ? 2
        : head === 'rt' && (second === 'ip' || second === 'ip6')
          ? 1
          : 0
  for (let i = 0; i < more && lexer.kind === 'word'; i++) next()
  return selector(words.join(' '))
}

const isFamily = (lexer: Lexer): boolean => lexer.text === 'ip' || lexer.text === 'ip6'

/** `fib saddr . iif oif`: flags, then what is looked up. */
const readFib = (lexer: Lexer): Syntax | undefined => {
  const flags = [lexer.text]
  lexer.advance()
  while (lexer.take('.')) {
    if (lexer.kind !== 'word') return undefined
    flags.push(lexer.text)
    lexer.advance()
  }
  if (lexer.kind !== 'word') return undefined
  const result = lexer.text
  lexer.advance()
  return selector(`fib ${flags.join(' . ')} ${result}`)
}
