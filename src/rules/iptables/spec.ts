import { matchAliases, matchOptions, optionAliases, targetOptions } from './options.ts'
import { parseProtocol } from './protocols.ts'
import { printWord } from './words.ts'

/** `! --dport 80`: its name as iptables-save prints it, with the dashes. */
export interface Option {
  readonly name: string
  readonly negated: boolean
  readonly values: readonly string[]
}

/** A match (`-m tcp --dport 80`) or a target (`-j DNAT --to-destination …`). */
export interface Extension {
  readonly name: string
  readonly options: readonly Option[]
}

export interface Target extends Extension {
  readonly goto: boolean
}

/** A rule as its words say it, before any meaning. */
export interface RuleSpec {
  /** -s -d -i -o -p -f, as far as given */
  readonly options: readonly Option[]
  readonly matches: readonly Extension[]
  readonly target: Target | null
  /** words that belong nowhere */
  readonly strays: readonly string[]
}

interface Draft {
  readonly name: string
  readonly options: Option[]
}

const core = new Set(['-s', '-d', '-i', '-o', '-p', '-f', '-4', '-6', '-c', '-w'])
const bare = new Set(['-f', '-4', '-6'])
/** Their value is text, also where it looks like an option. */
const textual = new Set(['--comment', '--log-prefix', '--nflog-prefix', '--ulog-prefix', '--u32', '--string'])

/** Words of a rule after `-A CHAIN`. Never throws: what it cannot place comes back in `strays`. */
export const parseSpec = (words: readonly string[], from = 0): RuleSpec => {
  const options: Option[] = []
  const matches: Draft[] = []
  const strays: string[] = []
  let target: (Draft & { goto: boolean }) | null = null
  let negated = false
  for (let at = from; at < words.length; ) {
    const word = words[at] as string
    if (word === '!') {
      negated = true
      at++
      continue
    }
    if (!isOption(word)) {
      strays.push(word)
      at++
      continue
    }
    const name = optionAliases.get(word) ?? word
    if (name === '-m' || name === '-j' || name === '-g') {
      const value = words[at + 1]
      at += 2
      if (value === undefined) strays.push(word)
      else if (name === '-m') matches.push({ name: matchAliases.get(value) ?? value, options: [] })
      else target = { name: value, options: [], goto: name === '-g' }
      continue
    }
    const { values, inner, next } = bare.has(name)
      ? { values: [], inner: false, next: at + 1 }
      : valuesAt(words, at + 1, textual.has(name))
    const option: Option = { name, negated: negated !== inner, values }
    negated = false
    at = next
    if (core.has(name)) options.push(option)
    else ownerOf(option, matches, target, options, strays)?.options.push(option)
  }
  if (negated) strays.push('!')
  return { options, matches, target, strays }
}

/** `-> 10.0.0.1:80`, as in kube-proxy's comments, is a value. */
const isOption = (word: string): boolean => {
  if (word.charCodeAt(0) !== 45 || word.length < 2) return false
  const second = word.charCodeAt(1) | 32
  return word.charCodeAt(1) === 45 || (second >= 97 && second <= 122) || word === '-4' || word === '-6'
}

/** All words up to the next option; `! VALUE` is how old versions negated. */
const valuesAt = (
  words: readonly string[],
  from: number,
  isText: boolean,
): { values: readonly string[]; inner: boolean; next: number } => {
  let at = from
  let inner = false
  if (!isText && words[at] === '!' && at + 1 < words.length && !isOption(words[at + 1] as string)) {
    inner = true
    at++
  }
  const start = at
  if (isText && at < words.length) at++
  while (at < words.length && words[at] !== '!' && !isOption(words[at] as string)) at++
  return { values: words.slice(start, at), inner, next: at }
}

const ownerOf = (
  { name, values }: Option,
  matches: Draft[],
  target: Draft | null,
  options: readonly Option[],
  strays: string[],
): Draft | undefined => {
  if (target !== null && (targetOptions.get(target.name)?.has(name) ?? true)) return target
  for (let i = matches.length - 1; i >= 0; i--) {
    const match = matches[i] as Draft
    if (matchOptions.get(match.name)?.has(name) ?? true) return match
  }
  const implied = impliedMatch(name, options)
  if (implied !== undefined) {
    matches.push(implied)
    return implied
  }
  if (target === null && matches.length === 0) strays.push(name, ...values)
  return target ?? matches.at(-1)
}

/** `-p tcp --dport 80` loads the match tcp. */
const impliedMatch = (name: string, options: readonly Option[]): Draft | undefined => {
  const protocol = options.find((option) => option.name === '-p')?.values[0]
  const number = protocol === undefined ? null : parseProtocol(protocol)
  const match = number === null ? undefined : protocolMatches.get(number)
  return match !== undefined && matchOptions.get(match)?.has(name) === true ? { name: match, options: [] } : undefined
}

/** The match that comes with a protocol. */
export const protocolMatches: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [58, 'icmp6'],
  [132, 'sctp'],
  [136, 'udplite'],
])

export const printOption = ({ name, negated, values }: Option): string =>
  `${negated ? '! ' : ''}${[name, ...values.map(printWord)].join(' ')}`

export const printMatch = ({ name, options }: Extension): string => ['-m', name, ...options.map(printOption)].join(' ')

export const printTarget = ({ name, options, goto }: Target): string =>
  [goto ? '-g' : '-j', name, ...options.map(printOption)].join(' ')
