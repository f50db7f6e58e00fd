import type { PathStep } from '../model/packet.ts'
import { candidates, type ChainIndex, indexOf } from './chain-index.ts'
import { type Flow, merge, type Place, type Probe } from './flow.ts'
import { refusal } from './matches.ts'
import type { Chain, Jump, Rule, Table } from './model.ts'
import { Path, resultOf, whereOf } from './path.ts'
import { printJump, printRefusal } from './print.ts'
import { applyStatement, isIdle, type Question, type Reader, type Step } from './statements.ts'
import { fieldBytes } from './values.ts'

/** Chains inside chains. nftables stops at 16, legacy iptables at the number of its chains; deeper is a broken dump. */
const DEEPEST = 256

/** Where flows end that no later hook sees. */
export interface Ends {
  readonly drop: Flow[]
  readonly reject: Flow[]
}

/** A question, the rule that raised it and where that stands. */
export interface Raised extends Question {
  readonly rule: Rule
  /** equal where an answer to one answers the other */
  readonly key: string | Rule
}

/** How many rules may still be looked at, flow by flow, all branches and worlds together: a bush of jumps ends here. */
export interface Budget {
  left: number
}

/** What a rule that matches costs of the budget, against one that does not. */
const MATCH_COST = 10

export interface WalkOptions {
  /** at most so many rules that did not match are put on the path */
  readonly misses: number
  readonly budget: Budget
  /** kept between packets; null: the chain is not long enough for one */
  readonly indexes: WeakMap<Chain, ChainIndex | null>
  /** rules whose open questions are answered the other way this time */
  readonly opposite: ReadonlySet<Rule>
}

/** `away`: accepted or translated, the base chain is done with them. `returned`: back to whoever jumped here. */
interface Passed {
  readonly away: readonly Flow[]
  readonly returned: readonly Flow[]
}

const nothing: readonly Flow[] = []

const NOT_UNDERSTOOD = 'not understood: '

/** One packet's walk: collects ends and findings over all hooks. */
export class Walk {
  readonly ends: Ends = { drop: [], reject: [] }
  readonly conditions = new Set<string>()
  readonly unknown = new Set<string>()
  /** by the fact that would answer them, else by the rule that raised them */
  readonly questions = new Map<string | Rule, Raised>()
  readonly #path: Path
  readonly #probe: Probe
  readonly #options: WalkOptions
  /** the chains that the packet is in now, the base chain first */
  readonly #entered: Chain[] = []
  #exhausted = false

  constructor(probe: Probe, options: WalkOptions) {
    this.#probe = probe
    this.#options = options
    this.#path = new Path(options.misses)
  }

  get path(): readonly PathStep[] {
    return this.#path.steps
  }

  get unshown(): number {
    return this.#path.unshown
  }

  /** Through one base chain. Returns the flows that go on to the next; dropped and rejected ones end. */
  base(table: Table, chain: Chain, flows: readonly Flow[], around: Place): readonly Flow[] {
    const { away, returned } = this.#chain(table, chain, flows, around)
    if (chain.hook?.policy !== 'drop') return merge([...away, ...returned])
    if (returned.length > 0) this.#path.policy(table, chain, 'drop')
    append(this.ends.drop, returned)
    return merge(away)
  }

  #chain(table: Table, chain: Chain, flows: readonly Flow[], around: Place): Passed {
    this.#entered.push(chain)
    const reader = this.#reader(table, chain, around)
    const chosen = this.#candidates(chain, flows)
    if (chosen !== null) this.#path.skip(table, chain, chain.rules.length - chosen.length)
    const count = (chosen ?? chain.rules).length
    const away: Flow[] = []
    const returned: Flow[] = []
    let present = flows
    for (let at = 0; at < count && present.length > 0; at++) {
      const rule = chain.rules[chosen?.[at] ?? at] as Rule
      if (!this.#spends(present.length, table, chain)) break
      if (present.every((flow) => refusal(rule.statements, flow, reader) !== null)) {
        this.#miss(rule, present, reader)
        continue
      }
      present = this.#meet(rule, present, reader, { away, returned })
    }
    this.#entered.pop()
    return { away, returned: merge([...returned, ...present]) }
  }

  /** Returns the flows that go on to the next rule. */
  #meet(
    rule: Rule,
    flows: readonly Flow[],
    reader: ChainReader,
    passed: { away: Flow[]; returned: Flow[] },
  ): readonly Flow[] {
    reader.rule = rule
    reader.assumed = new Set()
    this.#options.budget.left -= flows.length * MATCH_COST
    const steps: Step[] = []
    for (const flow of flows) run(rule, flow, reader, steps)
    this.#record(rule, steps, reader)
    const next: Flow[] = []
    for (const step of steps) {
      if (step.kind === 'break' || step.kind === 'next') next.push(step.flow)
      else if (step.kind === 'reject') this.ends.reject.push(step.flow)
      else if (step.kind !== 'jump') passed.away.push(step.flow)
    }
    for (const { jump, flows: group } of byJump(steps)) {
      const after = this.#jump(reader, jump, group)
      append(passed.away, after.away)
      append(jump.verdict === 'jump' ? next : passed.returned, after.returned)
    }
    return merge(next)
  }

  #jump({ table, around, chain: from }: ChainReader, jump: Jump, flows: readonly Flow[]): Passed {
    switch (jump.verdict) {
      case 'accept':
        return { away: flows.map((flow) => ({ ...flow, accepted: true })), returned: nothing }
      case 'drop':
        append(this.ends.drop, flows)
        return { away: nothing, returned: nothing }
      case 'return':
        return { away: nothing, returned: flows }
      case 'jump':
      case 'goto': {
        const chain = table.chains.get(jump.chain)
        const trouble = this.#trouble(chain, jump.chain)
        if (chain !== undefined && trouble === null) return this.#chain(table, chain, flows, around)
        this.unknown.add(`${table.name} ${from.name}: ${trouble}`)
        return { away: nothing, returned: flows }
      }
    }
  }

  #trouble(chain: Chain | undefined, name: string): string | null {
    if (chain === undefined) return `no chain ${name}`
    if (this.#entered.includes(chain)) return `chain ${name} leads back into itself, which kernels refuse`
    return this.#entered.length < DEEPEST ? null : `more than ${DEEPEST} jumps, at ${name}`
  }

  #spends(count: number, table: Table, chain: Chain): boolean {
    const { budget } = this.#options
    budget.left -= count
    if (budget.left > 0) return true
    if (!this.#exhausted)
      this.unknown.add(`more rules than are followed for one packet, at ${table.name} ${chain.name}`)
    this.#exhausted = true
    return false
  }

  #candidates(chain: Chain, flows: readonly Flow[]): readonly number[] | null {
    const { indexes } = this.#options
    let index = indexes.get(chain)
    if (index === undefined) {
      index = indexOf(chain)
      indexes.set(chain, index)
    }
    return index === null ? null : candidates(index, flows)
  }

  #reader(table: Table, chain: Chain, around: Place): ChainReader {
    const reader: ChainReader = {
      table,
      chain,
      probe: this.#probe,
      around,
      rule: NO_RULE,
      assumed: new Set(),
      set: (name) => table.sets.get(name),
      condition: (text) => {
        this.conditions.add(text)
        reader.assumed.add(text)
      },
      unknown: (text) => {
        this.unknown.add(`${whereOf(table, chain, reader.rule)}: ${text}`)
        reader.assumed.add(`${NOT_UNDERSTOOD}${text}`)
      },
      ask: (question) => this.#ask(question, reader),
    }
    return reader
  }

  #ask(question: Question, { table, chain, rule, assumed }: ChainReader): boolean {
    const { fact } = question
    const text = `${whereOf(table, chain, rule)}: ${question.text}`
    const key = fact === undefined ? rule : `${fact.field} ${fact.begins} ${fact.bytes}`
    if (question.always) this.unknown.add(text)
    assumed.add(question.always ? `${NOT_UNDERSTOOD}${question.text}` : question.text)
    const opposite = fact === undefined && this.#options.opposite.has(rule)
    if (!opposite && !isIdle(rule) && !this.questions.has(key))
      this.questions.set(key, { ...question, text, rule, key })
    return opposite
  }

  #record(rule: Rule, steps: readonly Step[], { table, chain, assumed }: ChainReader): void {
    const result = resultOf(steps)
    const strange = [...assumed].filter((text) => text.startsWith(NOT_UNDERSTOOD))
    if (result !== '' && result !== 'continue') this.#path.add(table, chain, rule, result)
    else if (strange.length > 0) this.#path.add(table, chain, rule, strange.join('; '))
    else if (result !== '') this.#path.add(table, chain, rule, result)
    else if (this.#path.showsMisses) this.#path.miss(table, chain, rule, () => [...assumed].join('; '))
  }

  #miss(rule: Rule, [flow]: readonly Flow[], reader: ChainReader): void {
    if (!this.#path.showsMisses || flow === undefined) return
    const { table, chain, probe, around } = reader
    this.#path.miss(table, chain, rule, () => {
      const refused = refusal(rule.statements, flow, reader)
      const value = (field: Parameters<typeof fieldBytes>[0]): string => fieldBytes(field, flow, probe, around)
      return refused === null ? '' : printRefusal(refused, table.family, value)
    })
  }
}

/** Of one visit to a chain; `rule` and `assumed` change from rule to rule. */
interface ChainReader extends Reader {
  readonly table: Table
  readonly chain: Chain
  rule: Rule
  /** what was taken one way at this rule, in words */
  assumed: Set<string>
}

const NO_RULE: Rule = { statements: [] }

const run = (rule: Rule, flow: Flow, reader: Reader, done: Step[]): void => {
  if (refusal(rule.statements, flow, reader) !== null) {
    done.push({ kind: 'break', flow })
    return
  }
  let present: readonly Flow[] = [flow]
  for (const statement of rule.statements) {
    const next: Flow[] = []
    for (const one of present) {
      for (const step of applyStatement(statement, one, reader)) {
        if (step.kind === 'next') next.push(step.flow)
        else done.push(step)
      }
    }
    present = next
    if (present.length === 0) return
  }
  for (const one of present) done.push({ kind: 'next', flow: one })
}

/** `push(...items)` has a limit that a map of many backends passes. */
const append = (to: Flow[], items: readonly Flow[]): void => {
  for (const item of items) to.push(item)
}

const byJump = (steps: readonly Step[]): Iterable<{ jump: Jump; flows: Flow[] }> => {
  const groups = new Map<string, { jump: Jump; flows: Flow[] }>()
  for (const step of steps) {
    if (step.kind !== 'jump') continue
    const name = printJump(step.jump)
    const group = groups.get(name)
    if (group) group.flows.push(step.flow)
    else groups.set(name, { jump: step.jump, flows: [step.flow] })
  }
  return groups.values()
}
