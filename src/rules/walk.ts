import type { PathStep } from '../model/packet.ts'
import { type Flow, merge, type Sender, type Surroundings } from './flow.ts'
import { formatAddressAndPort, printJump, printRule } from './print.ts'
import type { Chain, Jump, Rule, Table } from './model.ts'
import { applyStatement, type Reader, type Step } from './statements.ts'

/** NFT_JUMP_STACK_SIZE: deeper jumps are refused by the kernel, so only a broken dump has them. */
const DEEPEST = 16
/** Rules met by one packet, all branches together; a loop of gotos ends here. */
const MOST_RULES = 500_000

/** Where flows end that no later hook sees. */
export interface Ends {
  readonly drop: Flow[]
  readonly reject: Flow[]
}

/** What a packet's way through the rules has shown so far. */
export interface Findings {
  readonly path: Map<string, PathStep>
  readonly conditions: Set<string>
  readonly unknown: Set<string>
}

/** One packet's walk: collects ends and findings over all hooks. */
export class Walk {
  readonly ends: Ends = { drop: [], reject: [] }
  readonly findings: Findings = { path: new Map(), conditions: new Set(), unknown: new Set() }
  readonly #sender: Sender
  readonly #around: Surroundings
  #budget = MOST_RULES

  constructor(sender: Sender, around: Surroundings) {
    this.#sender = sender
    this.#around = around
  }

  /** Through one base chain. Returns the flows that go on to the next; dropped and rejected ones end. */
  base(table: Table, chain: Chain, flows: readonly Flow[]): readonly Flow[] {
    const { away, returned } = this.#chain(table, chain, flows, 0)
    if (chain.hook?.policy !== 'drop') return merge([...away, ...returned])
    this.ends.drop.push(...returned)
    return merge(away)
  }

  /** `away`: accepted or translated, this base chain is done with them. `returned`: back to whoever jumped here. */
  #chain(
    table: Table,
    chain: Chain,
    flows: readonly Flow[],
    depth: number,
  ): { away: Flow[]; returned: readonly Flow[] } {
    const away: Flow[] = []
    const returned: Flow[] = []
    let present = flows
    for (const rule of chain.rules) {
      if (present.length === 0) break
      const next: Flow[] = []
      const steps = present.flatMap((flow) => this.#rule(table, chain, rule, flow))
      this.#record(table, chain, rule, steps)
      for (const step of steps) {
        if (step.kind === 'break' || step.kind === 'next') next.push(step.flow)
        else if (step.kind === 'reject') this.ends.reject.push(step.flow)
        else if (step.kind !== 'jump') away.push(step.flow)
      }
      for (const { jump, flows: group } of byJump(steps)) {
        const after = this.#jump(table, jump, group, depth)
        away.push(...after.away)
        if (jump.verdict === 'jump') next.push(...after.returned)
        else returned.push(...after.returned)
      }
      present = merge(next)
    }
    return { away, returned: merge([...returned, ...present]) }
  }

  #jump(table: Table, jump: Jump, flows: readonly Flow[], depth: number): { away: Flow[]; returned: readonly Flow[] } {
    switch (jump.verdict) {
      case 'accept':
        return { away: [...flows], returned: [] }
      case 'return':
        return { away: [], returned: flows }
      case 'drop':
        this.ends.drop.push(...flows)
        return { away: [], returned: [] }
      case 'jump':
      case 'goto': {
        const chain = table.chains.get(jump.chain)
        if (chain !== undefined && depth < DEEPEST) return this.#chain(table, chain, flows, depth + 1)
        this.findings.unknown.add(
          chain === undefined ? `no chain ${jump.chain}` : `more than ${DEEPEST} jumps, at ${jump.chain}`,
        )
        return { away: [], returned: flows }
      }
    }
  }

  #rule(table: Table, chain: Chain, rule: Rule, flow: Flow): readonly Step[] {
    if (this.#budget-- <= 0) {
      this.findings.unknown.add(`more than ${MOST_RULES} rules, at ${table.name} ${chain.name}`)
      return [{ kind: 'break', flow }]
    }
    const { conditions, unknown } = this.findings
    const reader: Reader = {
      sender: this.#sender,
      around: this.#around,
      set: (name) => table.sets.get(name),
      condition: (text) => conditions.add(text),
      unknown: (text) => unknown.add(`${table.name} ${chain.name}: ${text}`),
    }
    const done: Step[] = []
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
      if (present.length === 0) break
    }
    for (const one of present) done.push({ kind: 'next', flow: one })
    return done
  }

  /** Rules that did something are the path; each result of a rule once, however many flows met it. */
  #record(table: Table, chain: Chain, rule: Rule, steps: readonly Step[]): void {
    const result = resultOf(steps)
    if (result === '') return
    const text = printRule(rule, table.family)
    const key = `${table.family} ${table.name} ${chain.name} ${text} ${result}`
    if (this.findings.path.has(key)) return
    const step: PathStep = { table: table.name, chain: chain.name, rule: text, result }
    this.findings.path.set(key, rule.line === undefined ? step : { ...step, line: rule.line })
  }
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

/** More results of one rule than this are summed up. */
const MOST_RESULTS = 4

/** '' where the rule did not match. */
const resultOf = (steps: readonly Step[]): string => {
  const results = new Set<string>()
  for (const step of steps) {
    if (step.kind === 'jump') results.add(printJump(step.jump))
    else if (step.kind === 'dnat') results.add(`dnat to ${formatAddressAndPort(step.flow.daddr, step.flow.dport)}`)
    else if (step.kind !== 'break') results.add(step.kind === 'next' ? 'continue' : step.kind)
  }
  if (results.size <= 1) return [...results].join()
  if (steps.every(({ kind }) => kind === 'dnat' || kind === 'break')) return `dnat to one of ${results.size} backends`
  return results.size > MOST_RESULTS ? `one of ${results.size} verdicts` : [...results].join(', ')
}
