import { setImmediate } from 'node:timers/promises'
import { KernelError } from '../errors.ts'
import type { NetlinkRequests } from '../netlink/requests.ts'
import { getChain } from '../nftables/dumps.ts'
import { RefusedOperation } from '../nftables/failure.ts'
import type { Transactions } from '../nftables/transactions.ts'
import type { NftHook, NftOperation } from '../nftables/types.ts'
import { NftRules } from './nft-rule.ts'
import { listRuleTexts } from './nft-tables.ts'
import { type IptablesFamily, type RestoreBlock, RestoreError } from './types.ts'

/** A rule to be deleted: its handle is looked up when it is time. */
interface Deletion {
  readonly op: 'find-and-delete'
  readonly chain: string
  readonly rule: string
}

interface Step {
  readonly line: string
  readonly operation: NftOperation | Deletion
}

/** A block as what is to be done. */
interface PreparedBlock {
  readonly block: RestoreBlock
  readonly steps: readonly Step[]
  /** of the kernel's own chains, those that rules are added to */
  readonly hooked: ReadonlySet<string>
}

/**
 * What iptables-nft-restore --noflush does, over netlink: the program takes a time that grows with the square of the chains in a table
 * (85 s of its own for 55,000 of them), and a process each time.
 */
export class NftRestore {
  readonly #transactions: Transactions
  readonly #requests: NetlinkRequests
  readonly #rules: Readonly<Record<IptablesFamily, NftRules>> = { ip: new NftRules('ip'), ip6: new NftRules('ip6') }

  constructor(transactions: Transactions, requests: NetlinkRequests) {
    this.#transactions = transactions
    this.#requests = requests
  }

  /**
   * One block after the other, each a transaction. A block with a line that is not known here is left to the program.
   * @throws RestoreError
   */
  async blocks(
    blocks: readonly RestoreBlock[],
    byProgram: (blocks: readonly RestoreBlock[]) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    let prepared: PreparedBlock | null | undefined
    for (const [index, block] of blocks.entries()) {
      const current = prepared === undefined ? this.#prepare(block) : prepared
      const running = current ? this.#run(current, signal) : byProgram([block])
      try {
        const next = blocks[index + 1]
        // while the kernel is at work
        await Promise.race([running, setImmediate()])
        prepared = next && this.#prepare(next)
        await running
      } catch (error) {
        throw error instanceof RestoreError && index > 0 ? error.after(index) : error
      }
    }
  }

  /** Null: a line is not known here. */
  #prepare(block: RestoreBlock): PreparedBlock | null {
    const steps: Step[] = []
    const hooked = new Set<string>()
    for (const line of block.lines) {
      const [, verb = '', chain = '', rest = ''] = /^(:|-[ADINX] )(\S+) ?(.*)$/.exec(line) ?? []
      const operations = this.#operations(block, verb.trim(), chain, rest)
      if (operations === null) return null
      if (operations[0]?.op === 'add-rule' && hookOf(block.table, chain)) hooked.add(chain)
      for (const operation of operations) steps.push({ line, operation })
    }
    return { block, steps, hooked }
  }

  /**
   * One transaction.
   * @throws RestoreError
   */
  async #run({ block, steps, hooked }: PreparedBlock, signal?: AbortSignal): Promise<void> {
    const { family, table } = block
    const lines = new Map<NftOperation, string>()
    try {
      const handles = await this.#handles(block, steps)
      const operations: NftOperation[] = [
        { op: 'add-table', family, table },
        ...(await this.#missingHooks(block, hooked)),
      ]
      for (const { line, operation: wanted } of steps) {
        const operation =
          wanted.op === 'find-and-delete'
            ? ({ op: 'delete-rule', family, table, chain: wanted.chain, handle: handles.get(wanted) ?? 0 } as const)
            : wanted
        lines.set(operation, line)
        operations.push(operation)
      }
      await this.#transactions.run(operations, signal)
    } catch (error) {
      throw error instanceof KernelError ? refusal(error, block, lines) : error
    }
  }

  #operations(
    { family, table }: RestoreBlock,
    verb: string,
    chain: string,
    rest: string,
  ): readonly Step['operation'][] | null {
    const plain = { name: chain, hook: null, comment: '' }
    switch (verb) {
      case ':':
        return rest.startsWith('- ')
          ? [
              { op: 'add-chain', family, table, chain: plain },
              { op: 'flush-chain', family, table, chain },
            ]
          : null
      case '-N':
        return [{ op: 'add-chain', family, table, chain: plain, exclusive: true }]
      case '-X':
        return [{ op: 'delete-chain', family, table, chain: plain }]
      case '-D':
        return [{ op: 'find-and-delete', chain, rule: rest }]
      case '-A':
      case '-I': {
        const rule = this.#rules[family].read(rest)
        return rule && [{ op: 'add-rule', family, table, chain, rule, first: verb === '-I' }]
      }
      default:
        return null
    }
  }

  /** @throws KernelError ENOENT for a rule that is not there */
  async #handles({ family, table }: RestoreBlock, steps: readonly Step[]): Promise<ReadonlyMap<Deletion, number>> {
    const handles = new Map<Deletion, number>()
    const deletions = steps.flatMap(({ operation }) => (operation.op === 'find-and-delete' ? [operation] : []))
    for (const [chain, wanted] of Map.groupBy(deletions, (one) => one.chain)) {
      const texts = new Set(wanted.map(({ rule }) => rule))
      const rules = await this.#requests.dump(listRuleTexts(family, table, chain))
      const found = Map.groupBy(
        rules.filter(({ text }) => text !== null && texts.has(text)),
        ({ text }) => text,
      )
      for (const deletion of wanted) {
        const handle = found.get(deletion.rule)?.shift()?.handle
        if (handle === undefined)
          throw new KernelError({ operation: RESTORE, errno: 'ENOENT', object: `-D ${chain} ${deletion.rule}` })
        handles.set(deletion, handle)
      }
    }
    return handles
  }

  async #missingHooks({ family, table }: RestoreBlock, chains: ReadonlySet<string>): Promise<NftOperation[]> {
    const missing: NftOperation[] = []
    for (const name of chains) {
      const hook = hookOf(table, name)
      if (hook === null || (await this.#exists(family, table, name))) continue
      missing.push({ op: 'add-chain', family, table, chain: { name, hook, comment: '' }, exclusive: true })
    }
    return missing
  }

  async #exists(family: IptablesFamily, table: string, chain: string): Promise<boolean> {
    try {
      return await this.#requests.ask(getChain(family, table, chain))
    } catch (error) {
      if (error instanceof KernelError && error.errno === 'ENOENT') return false
      throw error
    }
  }
}

const RESTORE = 'iptables restore'

const refusal = (
  error: KernelError,
  { family, table }: RestoreBlock,
  lines: ReadonlyMap<NftOperation, string>,
): RestoreError => {
  const line = error instanceof RefusedOperation ? (lines.get(error.refused) ?? null) : null
  const { errno, detail, object } = error
  return new RestoreError(
    {
      operation: RESTORE,
      errno,
      detail,
      object: `${family} ${table} ${line ?? object}`.slice(0, 400),
      // without an errno nobody knows whether it is in force
      done: errno === '' ? null : 0,
      line,
    },
    { cause: error },
  )
}

const hooks = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
} as const

/** As iptables-nft makes them (iptables/nft.c, xtables_ipv4); null: a chain of somebody's own. */
const hookOf = (table: string, chain: string): NftHook | null => {
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
