import { formatAddress } from '../model/address.ts'
import type { PathStep } from '../model/packet.ts'
import type { Chain, Rule, Table } from './model.ts'
import { formatAddressAndPort, printJump, printRule } from './print.ts'
import type { Step } from './statements.ts'

/** The rules of a packet's way, in the order they were met; each result of a rule once, however many flows met it. */
export class Path {
  readonly #steps = new Map<string, PathStep>()
  readonly #mostMisses: number
  #misses = 0
  #unshown = 0

  /** `misses`: so many rules that did not match are shown too */
  constructor(misses: number) {
    this.#mostMisses = misses
  }

  get steps(): readonly PathStep[] {
    return [...this.#steps.values()]
  }

  /** Rules that did not match and are not shown for the limit. */
  get unshown(): number {
    return this.#unshown
  }

  get showsMisses(): boolean {
    return this.#mostMisses > 0
  }

  add(table: Table, chain: Chain, rule: Rule, result: string, whyNot?: string): void {
    const text = ruleText(rule, table.family)
    const key = `${table.family} ${table.name} ${chain.name} ${rule.file ?? ''} ${rule.line ?? rule.handle ?? text} ${result}`
    if (this.#steps.has(key)) return
    const { line, file, handle, counters } = rule
    this.#steps.set(key, {
      table: table.name,
      chain: chain.name,
      rule: text,
      ...(line === undefined ? {} : { line }),
      ...(file === undefined ? {} : { file }),
      ...(handle === undefined ? {} : { handle }),
      ...(counters === undefined ? {} : { counters }),
      result,
      ...(whyNot === undefined ? {} : { whyNot }),
    })
  }

  /** The end of a base chain decides. */
  policy(table: Table, chain: Chain, result: string): void {
    const { line, file, counters } = chain
    const rule: Rule = {
      statements: [],
      text: `policy ${result}`,
      ...(line === undefined ? {} : { line }),
      ...(file === undefined ? {} : { file }),
      ...(counters === undefined ? {} : { counters }),
    }
    this.add(table, chain, rule, result)
  }

  miss(table: Table, chain: Chain, rule: Rule, whyNot: () => string): void {
    if (this.#misses >= this.#mostMisses) {
      this.#unshown++
      return
    }
    this.#misses++
    this.add(table, chain, rule, NO_MATCH, whyNot())
  }

  /** Many rules at once that are for other destinations. */
  skip(table: Table, chain: Chain, count: number): void {
    if (!this.showsMisses || count === 0) return
    const rule = `${count} rules for other destinations`
    const step = { table: table.name, chain: chain.name, rule, result: NO_MATCH, whyNot: 'another destination address' }
    this.#steps.set(`${table.family} ${table.name} ${chain.name} skipped`, step)
  }
}

const NO_MATCH = 'no match'

export const ruleText = (rule: Rule, family: Table['family']): string => rule.text ?? printRule(rule, family)

/** `nat KUBE-SERVICES (node.save:12)` */
export const whereOf = (table: Table, chain: Chain, { file, line, handle }: Rule): string => {
  const name = `${table.name} ${chain.name}`
  if (line !== undefined) return `${name} (${file === undefined ? 'line ' : `${file}:`}${line})`
  return handle === undefined ? name : `${name} (handle ${handle})`
}

/** More results of one rule than this are summed up. */
const MOST_RESULTS = 4

/** What the rule did, in words; '' where it did not match. */
export const resultOf = (steps: readonly Step[]): string => {
  const results = new Set<string>()
  for (const step of steps) {
    const result = stepResult(step)
    if (result !== '') results.add(result)
  }
  if (results.size <= 1) return [...results].join()
  if (steps.every(({ kind }) => kind === 'dnat' || kind === 'break')) return `dnat to one of ${results.size} backends`
  return results.size > MOST_RESULTS ? `one of ${results.size} verdicts` : [...results].join(', ')
}

const stepResult = (step: Step): string => {
  switch (step.kind) {
    case 'break':
      return ''
    case 'next':
      return 'continue'
    case 'jump':
      return printJump(step.jump)
    case 'dnat':
      return `dnat to ${formatAddressAndPort(step.flow.daddr, step.flow.dport)}`
    case 'redirect':
      return `redirect to port ${step.flow.dport}`
    case 'snat':
      return step.flow.source ? `snat to ${formatAddress(step.flow.source)}` : 'snat'
    case 'masquerade':
    case 'reject':
      return step.kind
  }
}
