import type { NftHook, NftOperation, NftRule } from '../nftables/types.ts'
import type { NftRules } from './nft-rule.ts'
import type { IptablesFamily, RestoreBlock } from './types.ts'

/** `line`: what it was made of, for errors */
export type LineOperation = NftOperation & { readonly line: string }

/** A rule to be deleted: its handle is looked up when it is time. */
export interface Deletion {
  readonly op: 'find-and-delete'
  readonly line: string
  readonly chain: string
  readonly rule: string
}

/** What is to be done for a block, in order. */
export interface BlockOperations {
  readonly operations: readonly (LineOperation | Deletion)[]
  readonly deletions: readonly Deletion[]
  /** of the kernel's own chains, those that rules are added to: there before them, or made */
  readonly hooked: ReadonlySet<string>
}

/** A line that is not known here: its block is left to iptables-restore. */
export class UnknownLine extends Error {}

/** @throws UnknownLine; for a rule only when it is encoded */
export const operationsOf = (block: RestoreBlock, rules: NftRules): BlockOperations => {
  const operations: (LineOperation | Deletion)[] = []
  const deletions: Deletion[] = []
  const hooked = new Set<string>()
  for (const line of block.lines) {
    for (const operation of operationsOfLine(block, line, rules)) {
      operations.push(operation)
      if (operation.op === 'find-and-delete') deletions.push(operation)
      else if (operation.op === 'add-rule' && hookOf(block.table, operation.chain)) hooked.add(operation.chain)
    }
  }
  return { operations, deletions, hooked }
}

const operationsOfLine = (
  { family, table }: RestoreBlock,
  line: string,
  rules: NftRules,
): readonly (LineOperation | Deletion)[] => {
  const [, verb, chain = '', rest = ''] = /^(:|-[ADINX] )(\S+) ?(.*)$/.exec(line) ?? []
  const plain = { name: chain, hook: null, comment: '' }
  switch (verb) {
    case ':':
      if (!rest.startsWith('- ')) throw new UnknownLine(line)
      return [
        { op: 'add-chain', line, family, table, chain: plain },
        { op: 'flush-chain', line, family, table, chain },
      ]
    case '-N ':
      return [{ op: 'add-chain', line, family, table, chain: plain, exclusive: true }]
    case '-X ':
      return [{ op: 'delete-chain', line, family, table, chain: plain }]
    case '-D ':
      return [{ op: 'find-and-delete', line, chain, rule: rest }]
    case '-A ':
    case '-I ':
      return [new RuleAddition({ line, family, table, chain, first: verb === '-I ' }, rest, rules)]
    default:
      throw new UnknownLine(line)
  }
}

/** Its rule is read when it is encoded, and not kept: what a rule consists of takes many times the room of its text. */
class RuleAddition {
  readonly op = 'add-rule'
  readonly line: string
  readonly family: IptablesFamily
  readonly table: string
  readonly chain: string
  readonly first: boolean
  readonly #text: string
  readonly #rules: NftRules

  constructor({ line, family, table, chain, first }: Omit<RuleAddition, 'op' | 'rule'>, text: string, rules: NftRules) {
    this.line = line
    this.family = family
    this.table = table
    this.chain = chain
    this.first = first
    this.#text = text
    this.#rules = rules
  }

  /** @throws UnknownLine */
  get rule(): NftRule {
    const rule = this.#rules.read(this.#text)
    if (rule === null) throw new UnknownLine(this.line)
    return rule
  }
}

const hooks = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
} as const

/** As iptables-nft makes them (iptables/nft.c, xtables_ipv4); null: a chain of somebody's own. */
export const hookOf = (table: string, chain: string): NftHook | null => {
  const hook = Object.hasOwn(hooks, chain) ? hooks[chain as keyof typeof hooks] : null
  if (hook === null) return null
  const of = (type: NftHook['type'], priority: number): NftHook => ({ type, hook, priority, policy: 'accept' })
  switch (table) {
    case 'nat':
      return of('nat', hook === 'input' || hook === 'postrouting' ? 100 : -100)
    case 'mangle':
      return of(hook === 'output' ? 'route' : 'filter', -150)
    default:
      return of('filter', 0)
  }
}
