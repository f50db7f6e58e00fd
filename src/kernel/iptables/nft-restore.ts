import { setImmediate } from 'node:timers/promises'
import { KernelError } from '../errors.ts'
import type { NetlinkRequests } from '../netlink/requests.ts'
import { getChain } from '../nftables/dumps.ts'
import { RefusedOperation } from '../nftables/failure.ts'
import type { Transactions } from '../nftables/transactions.ts'
import type { NftOperation } from '../nftables/types.ts'
import { type Deletion, hookOf, type LineOperation, operationsOf, UnknownLine } from './nft-operations.ts'
import { NftRules } from './nft-rule.ts'
import { listRuleTexts } from './nft-tables.ts'
import { type IptablesFamily, type RestoreBlock, RestoreError } from './types.ts'

export interface BlocksOptions {
  /** writes blocks with lines that are not known here */
  readonly byProgram: (blocks: readonly RestoreBlock[]) => Promise<void>
  readonly signal?: AbortSignal | undefined
}

interface BlockOptions extends BlocksOptions {
  /** the block before: when it fails, this one is not sent */
  readonly before: Promise<void>
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
   * One block after the other, each a transaction that is encoded while the kernel is at work on the one before.
   * @throws RestoreError
   */
  async blocks(blocks: readonly RestoreBlock[], options: BlocksOptions): Promise<void> {
    let before: Promise<void> = Promise.resolve()
    for (const [index, block] of blocks.entries()) {
      // the one before is handed to the kernel first
      if (index > 0) await setImmediate()
      const running = this.#block(block, { ...options, before })
      // a failure is told in its turn
      running.catch(() => {})
      await before.catch(async (error: unknown) => {
        await Promise.allSettled([running])
        throw afterBlocks(error, index - 1)
      })
      before = running
    }
    await before.catch((error: unknown) => {
      throw afterBlocks(error, blocks.length - 1)
    })
  }

  /** One transaction. @throws RestoreError */
  async #block(block: RestoreBlock, { before, byProgram, signal }: BlockOptions): Promise<void> {
    const { family, table } = block
    try {
      const { operations, deletions, hooked } = operationsOf(block, this.#rules[family])
      // what is looked up depends on what comes before
      if (deletions.length > 0 || hooked.size > 0) await before
      const handles = await this.#handles(block, deletions)
      const all: NftOperation[] = [{ op: 'add-table', family, table }, ...(await this.#missingHooks(block, hooked))]
      for (const operation of operations)
        all.push(operation.op === 'find-and-delete' ? deletionOf(block, operation, handles) : operation)
      await this.#transactions.run(all, { signal, after: before })
    } catch (error) {
      await before
      if (error instanceof UnknownLine) return await byProgram([block])
      throw error instanceof KernelError ? refusal(error, block) : error
    }
  }

  /** @throws KernelError ENOENT for a rule that is not there */
  async #handles(
    { family, table }: RestoreBlock,
    deletions: readonly Deletion[],
  ): Promise<ReadonlyMap<Deletion, number>> {
    const handles = new Map<Deletion, number>()
    for (const [chain, wanted] of Map.groupBy(deletions, (one) => one.chain)) {
      const texts = new Set(wanted.map(({ rule }) => rule))
      const rules = await this.#requests.dump(listRuleTexts(family, table, chain))
      const found = Map.groupBy(
        rules.filter(({ text }) => text !== null && texts.has(text)),
        ({ text }) => text,
      )
      for (const deletion of wanted) {
        const handle = found.get(deletion.rule)?.shift()?.handle
        if (handle === undefined) throw new KernelError({ operation: RESTORE, errno: 'ENOENT', object: deletion.line })
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

const deletionOf = (
  { family, table }: RestoreBlock,
  deletion: Deletion,
  handles: ReadonlyMap<Deletion, number>,
): LineOperation => {
  const { line, chain } = deletion
  return { op: 'delete-rule', line, family, table, chain, handle: handles.get(deletion) ?? 0 }
}

const refusal = (error: KernelError, { family, table }: RestoreBlock): RestoreError => {
  const line = error instanceof RefusedOperation ? lineOf(error.refused) : null
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

const lineOf = (operation: NftOperation | LineOperation): string | null => ('line' in operation ? operation.line : null)

/** As many blocks were done before it failed. */
const afterBlocks = (error: unknown, done: number): unknown =>
  error instanceof RestoreError && done > 0 ? error.after(done) : error
