import type { RuleText } from './objects.ts'

/**
 * Parts of rules in the order and form in which iptables-save prints them (iptables 1.8, print_rule4): addresses, interface, protocol,
 * matches as they were written, target.
 */
export interface RuleParts {
  /** `-s …` with what negates it, `-i …`: see `sourceIs`, `inputIs` */
  readonly source?: string
  readonly destination?: string
  readonly input?: string
  readonly protocol?: string
  readonly matches?: readonly string[]
  /** `-j …`; none: the rule just counts */
  readonly target?: string
}

export const ruleText = ({
  source = '',
  destination = '',
  input = '',
  protocol = '',
  matches = [],
  target = '',
}: RuleParts): RuleText => [source, destination, input, protocol, ...matches, target].filter(Boolean).join(' ')

/** A bare address or a CIDR whose host bits are zero; one that everything is in is not printed, unless negated. */
export const sourceIs = (cidr: string, negated = false): string => {
  if (cidr.endsWith('/0') && !negated) return ''
  return `${negated ? '! ' : ''}-s ${withPrefix(cidr)}`
}

export const destinationIs = (cidr: string, negated = false): string => {
  if (cidr.endsWith('/0') && !negated) return ''
  return `${negated ? '! ' : ''}-d ${withPrefix(cidr)}`
}

const withPrefix = (cidr: string): string => (cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`)

export const jumpTo = (chain: string): string => `-j ${chain}`

/** libxt_comment.c takes 255 bytes. */
const LONGEST = 255

/** As libxt_comment and xtables_save_string write it; what would break a line apart is replaced. */
export const comment = (text: string): string => {
  if (quotable.test(text)) return ['-m comment --comment "', text, '"'].join('')
  if (plain.test(text)) return `-m comment --comment ${text}`
  const printable = text.replace(/[^ -~]/g, '_').slice(0, LONGEST)
  return `-m comment --comment "${printable.replace(/["'\\]/g, '\\$&')}"`
}

const plain = /^[\w-]{1,255}$/

/** most: some character that must be quoted, none that must be escaped or replaced */
const quotable = /^(?=[^]*[^\w-])[ !#-&(-[\]-~]{1,255}$/

export const destinationPort = (protocol: string, port: number): string => `-m ${protocol} --dport ${port}`

/** `0x4000` as libxt_mark and libxt_MARK print a mark. */
export const hexMark = (mark: number): string => `0x${mark.toString(16)}`
