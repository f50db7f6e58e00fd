import type { Chain, Hook, Rule, RuleSet, Statement, Table } from '../../../rules/model.ts'
import type { DumpProblem } from '../problem.ts'
import type { RuleContext } from './context.ts'
import { type Datatype, datatypeOf, datatypes } from './datatypes.ts'
import { isTyped, typed } from './expressions.ts'
import { isIdle } from './idle.ts'
import { setOf, type SetTypes } from './sets.ts'
import { lowerRule } from './statements.ts'
import type { ElementSyntax, RuleSyntax, SetSyntax, TypeSyntax } from './syntax.ts'

/** A chain that is being read. */
export interface ChainDraft {
  readonly name: string
  hook: Hook | undefined
  readonly line: number | undefined
  readonly rules: Rule[]
}

const builtIn = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])

/** Puts one table together while its dump is read, in any order; what is not understood stays in it by name. */
export class TableBuilder implements RuleContext {
  readonly family: Table['family']
  readonly name: string
  /** said by the dump, or seen by the chains' names */
  iptables: boolean
  /** switched off: its chains see no packet */
  dormant = false
  readonly #file: string
  readonly #problems: DumpProblem[]
  readonly #chains = new Map<string, ChainDraft>()
  readonly #sets = new Map<string, RuleSet>()
  readonly #updated = new Set<string>()
  /** sets whose key types only a rule that uses them can tell */
  readonly #pending = new Map<string, { readonly set: SetSyntax; readonly line: number | undefined }>()
  readonly #bounded = new Map<string, boolean>()
  #anonymous = 0

  constructor(table: Pick<Table, 'family' | 'name'>, file: string, problems: DumpProblem[], iptables: boolean) {
    this.family = table.family
    this.name = table.name
    this.iptables = iptables
    this.#file = file
    this.#problems = problems
  }

  /** `hook` undefined: one that is jumped to. A second declaration adds to the first. Gives what rules are added to. */
  addChain(name: string, hook: Hook | undefined, line: number | undefined): ChainDraft {
    if (hook !== undefined && builtIn.has(name)) this.iptables = true
    const known = this.#chains.get(name)
    if (known !== undefined) {
      known.hook ??= hook
      return known
    }
    const made = { name, hook, line, rules: [] }
    this.#chains.set(name, made)
    return made
  }

  /** A quota or limit with a name; `over`: it matches beyond its bound. */
  addBounded(object: string, over: boolean): void {
    this.#bounded.set(object, over)
  }

  isOver(object: string): boolean | undefined {
    return this.#bounded.get(object)
  }

  addSet(set: SetSyntax, line: number | undefined): void {
    const key = set.key.map((type) => this.#datatype(type))
    if (key.every((type) => type !== undefined) && !key.includes(datatypes.integer)) this.#addSet(set, key, line)
    else this.#pending.set(set.name, { set, line })
  }

  uses(name: string, key: readonly Datatype[]): void {
    const pending = this.#pending.get(name)
    if (pending === undefined) return
    this.#pending.delete(name)
    this.#addSet(pending.set, key, pending.line)
  }

  #addSet(set: SetSyntax, key: readonly Datatype[], line: number | undefined): void {
    const data = this.#dataTypes(set)
    // objects (counters, limits) that a map leads to decide nothing
    if (data === undefined) return
    const types = data === 'member' ? { key } : { key, data }
    const { set: content, strange } = setOf(set.name, types, set.elements, set.flags.includes('dynamic'))
    this.#sets.set(set.name, content)
    const [first] = strange
    if (first === undefined) return
    const more = strange.length > 1 ? ` and ${strange.length - 1} more` : ''
    const which = first.key.kind === 'word' ? ` “${first.key.text}”` : ''
    const text = `${this.family} ${this.name}: set ${set.name}: element${which}${more} not understood`
    this.#problem({ text, doubt: true }, line)
  }

  anonymous(types: SetTypes, elements: readonly ElementSyntax[]): string | undefined {
    const name = `__set${this.#anonymous++}`
    const { set, strange } = setOf(name, types, elements, false)
    if (strange.length > 0) return undefined
    this.#sets.set(name, set)
    return name
  }

  addRule(chain: ChainDraft, rule: RuleSyntax): void {
    for (const statement of rule.statements) if (statement.kind === 'update') this.#updated.add(statement.set)
    const statements = lowerRule(rule, this)
    // what was not understood at all may hide a verdict
    if (rule.statements.every(({ kind }) => kind !== 'unknown') && isIdle(statements)) return
    chain.rules.push(this.#rule(rule, statements))
  }

  finish(): Table {
    // nobody asks them
    this.#pending.clear()
    const chains = new Map<string, Chain>()
    for (const { name, hook, line, rules } of this.#chains.values())
      chains.set(name, {
        name,
        rules,
        file: this.#file,
        ...(hook === undefined ? {} : { hook }),
        ...(line === undefined ? {} : { line }),
      })
    for (const name of this.#updated) {
      const set = this.#sets.get(name)
      if (set !== undefined && !set.dynamic) this.#sets.set(name, { ...set, dynamic: true })
    }
    return { family: this.family, name: this.name, chains, sets: this.#sets }
  }

  #rule({ comment, line, handle, text, statements: all }: RuleSyntax, statements: readonly Statement[]): Rule {
    const counters = all.find((statement) => statement.kind === 'counter')?.counters
    return {
      statements,
      file: this.#file,
      ...(comment === undefined ? {} : { comment }),
      ...(text === undefined ? {} : { text }),
      ...(line === undefined ? {} : { line }),
      ...(handle === undefined ? {} : { handle }),
      ...(counters === undefined ? {} : { counters }),
    }
  }

  #dataTypes({ data, isMap }: SetSyntax): SetTypes['data'] | 'member' {
    if (!isMap) return 'member'
    if (data === 'verdict' || data === undefined) return data
    const types = data.map((type) => this.#datatype(type))
    return types.every((type) => type !== undefined) ? types : undefined
  }

  #datatype(type: TypeSyntax): Datatype | undefined {
    return datatypeOf(type, (syntax) => {
      const found = typed(syntax, this.family)
      return isTyped(found) ? found.type : undefined
    })
  }

  #problem(problem: Pick<DumpProblem, 'text' | 'doubt'>, line: number | undefined): void {
    this.#problems.push({ file: this.#file, ...problem, ...(line === undefined ? {} : { line }) })
  }
}
