import { KernelError } from '../errors.ts'

/** iptables-legacy replaces whole tables of x_tables; iptables-nft writes tables of nf_tables with the same names. */
export type IptablesBackEnd = 'legacy' | 'nft'
export type IptablesFamily = 'ip' | 'ip6'

/** Lines of one `*TABLE … COMMIT` of iptables-restore --noflush: one transaction. */
export interface RestoreBlock {
  readonly family: IptablesFamily
  readonly table: string
  /** `:CHAIN - [0:0]`, `-A …`, `-I …`, `-D …`, `-N …`, `-X …`; may be written anew each time it is read */
  readonly lines: readonly string[]
}

/** A rule as iptables-save prints it, without `-A CHAIN` and counters. */
export interface SavedRule {
  readonly rule: string
  /** 0 unless counters were asked for */
  readonly packets: number
}

export interface SavedChain {
  readonly name: string
  /** null: made by somebody, reached by jumps only */
  readonly policy: string | null
  readonly rules: readonly SavedRule[]
}

export interface SavedTable {
  readonly family: IptablesFamily
  readonly table: string
  readonly chains: ReadonlyMap<string, SavedChain>
}

export interface SaveOptions {
  readonly tables: readonly string[]
  /** chains whose rules are to be exact, and rules of the kernel's own chains that lead to them; of others the target is enough. Default: all */
  readonly needed?: (table: string, chain: string) => boolean
  /** with each rule's packets, default false */
  readonly counters?: boolean
  readonly signal?: AbortSignal
}

/** Which chains and rules of others' tables are somebody's own: asked of changes that are noticed. */
export interface WatchOptions {
  readonly tables: readonly string[]
  /** a chain of the watcher's, by its name */
  readonly isOwn: (table: string, chain: string) => boolean
  /** global: what names of the watcher's chains look like in the bytes of a rule, and others' may */
  readonly chainNames: RegExp
  /** a chain of the watcher's that is always there, in each family of this table: its absence tells that somebody emptied the table */
  readonly canary: { readonly table: string; readonly chain: string }
}

export interface IptablesEvent {
  readonly kind: 'changed' | 'lost'
  readonly what: string
}

/** iptables of one network namespace, through the programs of one back end. */
export interface Iptables extends AsyncDisposable {
  readonly backEnd: IptablesBackEnd
  /** e.g. `1.8.9` */
  readonly version: string
  /** those that have programs and tables here */
  readonly families: readonly IptablesFamily[]
  /** lines that are best in one block, at most; null: a block costs the same whatever is in it */
  readonly blockLines: number | null
  /**
   * The tables that are there. Reading makes none.
   * @throws KernelError
   */
  save(family: IptablesFamily, options: SaveOptions): Promise<readonly SavedTable[]>
  /**
   * One block after the other, each a transaction.
   * @throws RestoreError which says how many blocks are in force
   */
  restore(blocks: readonly RestoreBlock[], signal?: AbortSignal): Promise<RestoreResult>
  /** Somebody else's changes to chains that are the watcher's own, and to rules that lead to them; 'lost': there may have been some. */
  watch(options: WatchOptions, listener: (event: IptablesEvent) => void): void
}

export interface RestoreResult {
  /** from the start of the program to its end */
  readonly ms: number
}

/**
 * iptables-restore said no, or did not answer. `errno` as the kernel would name it: ENOENT and EEXIST where chains are not as
 * expected, EINVAL for what is refused, EBUSY for a lock that was not to be had, '' where nobody knows what is in force.
 */
export class RestoreError extends KernelError {
  /** blocks in force; null: not known */
  readonly done: number | null
  /** the line that was refused; null: not known */
  readonly line: string | null

  constructor(
    failure: {
      operation: string
      errno: string
      detail: string
      object: string
      done: number | null
      line: string | null
    },
    options?: ErrorOptions,
  ) {
    super(failure, options)
    this.name = 'RestoreError'
    this.done = failure.done
    this.line = failure.line
  }

  /** The same failure, where `blocks` others were done before. */
  after(blocks: number): RestoreError {
    const { operation, errno, detail, object, line } = this
    const done = this.done === null ? null : blocks + this.done
    return new RestoreError({ operation, errno, detail, object, line, done }, { cause: this.cause ?? this })
  }
}
