import { formatAddress } from '../../model/address.ts'
import { probabilityOf } from './matches.ts'
import { parseMark, parsePrefix } from './prefix.ts'
import { formatProtocol, parseProtocol } from './protocols.ts'
import { asksNothing } from './rule.ts'
import { type Extension, type Option, parseSpec, printMatch, printOption, printTarget, type Target } from './spec.ts'
import { normalRate } from './state-matches.ts'
import { markChange, plainRejects } from './targets.ts'
import { printWord, splitWords } from './words.ts'

/**
 * One text for all ways to write a rule, to compare what we wrote with what an iptables-save of any version prints: addresses with
 * their prefix, options in one order, marks and probabilities as the numbers the kernel has, defaults left out. Counters and
 * `-A CHAIN ` in front are left out too. Two rules with equal texts do the same; it is a rule that iptables-restore takes.
 */
export const normalRule = (text: string): string => {
  const { words } = splitWords(text)
  let at = words[0]?.charCodeAt(0) === 91 ? 1 : 0
  if (words[at] === '-A' || words[at] === '--append') at += 2
  const { options, matches, target, strays } = parseSpec(words, at)
  return [
    ...strays.map(printWord),
    ...options
      .flatMap(normalCore)
      .sort((a, b) => order(a) - order(b))
      .map(printOption),
    ...normalMatches(matches).map(printMatch),
    ...(target === null ? [] : [printTarget(normalTarget(target))]),
  ].join(' ')
}

const coreOrder = ['-s', '-d', '-i', '-o', '-p', '-f']
const order = ({ name }: Option): number => coreOrder.indexOf(name)

const normalCore = (option: Option): readonly Option[] => {
  const [value = ''] = option.values
  switch (option.name) {
    case '-s':
    case '-d':
      return normalAddress(option, value)
    case '-p': {
      const protocol = parseProtocol(value)
      if (protocol === 0 && !option.negated) return []
      return protocol === null ? [option] : [{ ...option, values: [formatProtocol(protocol)] }]
    }
    case '-i':
    case '-o':
      return value === '+' && !option.negated ? [] : [option]
    case '-c':
      return []
    default:
      return [option]
  }
}

const normalAddress = (option: Option, text: string): readonly Option[] => {
  const prefix = parsePrefix(text)
  if (prefix === null) return [option]
  const { address, mask, length } = prefix
  if (length === 0 && !option.negated) return []
  return [{ ...option, values: [`${formatAddress(address)}/${length ?? formatAddress(mask)}`] }]
}

/**
 * In their order, since some of them count; comments first, where iptables-nft of some versions puts them; without those that say
 * no more than -p does, which others leave out.
 */
const normalMatches = (matches: readonly Extension[]): readonly Extension[] =>
  [...matches.filter(isComment), ...matches.filter((match) => !isComment(match) && !asksNothing(match))].map(
    normalMatch,
  )

const isComment = ({ name }: Extension): boolean => name === 'comment'

const normalMatch = ({ name, options }: Extension): Extension => ({
  name,
  options: name === 'comment' ? options : sorted(options.flatMap((option) => matchOption(name, option))),
})

const sorted = (options: readonly Option[]): readonly Option[] =>
  options.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

/** `MATCH OPTION` → its one form; [] where it says the default. */
const matchOption = (match: string, option: Option): readonly Option[] => {
  const [value = ''] = option.values
  const as = (text: string): readonly Option[] => [{ ...option, values: [text] }]
  switch (`${match} ${option.name}`) {
    case 'statistic --probability': {
      const N = probabilityOf(value)
      return N === null ? [option] : as((N / 2 ** 31).toFixed(11))
    }
    case 'statistic --packet':
      return value === '0' ? [] : [option]
    case 'mark --mark':
    case 'connmark --mark': {
      const mark = parseMark(value)
      return mark === null ? [option] : as(hexMark(mark.value, mark.mask))
    }
    case 'conntrack --ctstate':
    case 'state --state':
    case 'addrtype --src-type':
    case 'addrtype --dst-type':
      return as(value.toUpperCase().split(',').sort().join(','))
    case 'tcp --syn':
      return [{ name: '--tcp-flags', negated: option.negated, values: ['ACK,FIN,RST,SYN', 'SYN'] }]
    case 'tcp --tcp-flags':
      return [{ ...option, values: option.values.map(normalFlags) }]
    case 'recent --mask':
      return value === '255.255.255.255' || /^(?:ffff:){7}ffff$/i.test(value) ? [] : [option]
    case 'recent --rsource':
      return []
    case 'recent --name':
      return value === 'DEFAULT' ? [] : [option]
    case 'limit --limit-burst':
    case 'hashlimit --hashlimit-burst':
      return value === '5' ? [] : [option]
    case 'limit --limit':
    case 'hashlimit --hashlimit-upto':
    case 'hashlimit --hashlimit-above':
      return as(normalRate(value))
    default:
      return [option]
  }
}

const normalFlags = (text: string): string =>
  (text === 'ALL' ? 'ACK,FIN,PSH,RST,SYN,URG' : text).split(',').sort().join(',')

const hex = (value: number): string => `0x${value.toString(16)}`

/** All bits: no mask, as iptables-save prints it. */
const hexMark = (value: number, mask: number): string =>
  mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`

const normalTarget = (target: Target): Target => {
  const { name, options } = target
  if (name === 'MARK' || name === 'CONNMARK') {
    const change = markChange(options)
    const values = change && [`${hex(change.value)}/${hex(change.mask)}`]
    return values === null
      ? { ...target, options: sorted(options.filter(({ values: given }) => given[0] !== '0xffffffff')) }
      : { ...target, options: [{ name: '--set-xmark', negated: false, values }] }
  }
  return { ...target, options: sorted(options.filter((option) => !isDefault(name, option))) }
}

const isDefault = (target: string, { name, values: [value = ''] }: Option): boolean => {
  switch (`${target} ${name}`) {
    case 'REJECT --reject-with':
      return plainRejects.has(value)
    case 'LOG --log-level':
      return value === '4' || value === 'warning'
    case 'TPROXY --on-ip':
      return value === '0.0.0.0' || value === '::'
    default:
      return false
  }
}
