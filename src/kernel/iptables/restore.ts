import { CommandError, exec } from '../exec.ts'
import { type Program, type Programs } from './programs.ts'
import { type IptablesFamily, type RestoreBlock, RestoreError } from './types.ts'

export interface RestoreRun {
  readonly programs: Programs
  readonly signal?: AbortSignal
  readonly onStart?: (pid: number) => void
}

/** seconds to wait for /run/xtables.lock, which iptables-legacy takes */
const LOCK_WAIT = 30
const DEADLINE_MS = 60_000
/** a line of a table that is full already, on a slow machine */
const MS_PER_LINE = 4

/** Blocks of one family through one process, which commits at each COMMIT. @throws RestoreError */
export const restoreFamily = async (
  family: IptablesFamily,
  blocks: readonly RestoreBlock[],
  { programs, signal, onStart }: RestoreRun,
): Promise<void> => {
  const program = programs.restore[family]
  const [command, ...args] = [...program, '--noflush', '--counters', '-w', String(LOCK_WAIT)]
  const lines = blocks.reduce((sum, block) => sum + block.lines.length, 0)
  try {
    await exec(command, args, {
      input: texts(blocks),
      timeoutMs: DEADLINE_MS + lines * MS_PER_LINE,
      ...(signal && { signal }),
      ...(onStart && { onStart }),
    })
  } catch (error) {
    throw error instanceof CommandError ? refusal(program, blocks, error) : error
  }
}

function* texts(blocks: readonly RestoreBlock[]): Generator<string> {
  for (const { table, lines } of blocks) yield `*${table}\n${lines.join('\n')}\nCOMMIT\n`
}

/** Exit code when a resource is missing: here the lock. iptables-nft says it too where the kernel refused. */
const RESOURCE_PROBLEM = 4

const refusal = (program: Program, blocks: readonly RestoreBlock[], error: CommandError): RestoreError => {
  const name = program.at(-1) ?? 'iptables-restore'
  const { stderr, code } = error
  if (code === null)
    return failure(name, { errno: '', detail: error.message, done: null, line: null, object: '' }, error)
  if (code === RESOURCE_PROBLEM && /xtables lock|can't lock/i.test(stderr))
    return failure(
      name,
      { errno: 'EBUSY', detail: `${lastLine(stderr)}: some other program keeps it`, done: 0, line: null, object: '' },
      error,
    )
  const { line: number, text } = readComplaint(stderr)
  const place = number === null ? null : locate(blocks, number)
  const detail = text || `exit code ${code}`
  if (place === null) return failure(name, { errno: '', detail, done: null, line: null, object: '' }, error)
  const { block, line } = place
  const object = `${blocks[block]?.table ?? ''} ${line === 'COMMIT' ? `COMMIT of ${blocks[block]?.lines.length ?? 0} lines` : line}`
  return failure(
    name,
    { errno: errnoOf(detail), detail, done: block, line: line === 'COMMIT' ? null : line, object },
    error,
  )
}

interface Failed {
  readonly errno: string
  readonly detail: string
  readonly object: string
  readonly done: number | null
  readonly line: string | null
}

const failure = (operation: string, failed: Failed, cause: Error): RestoreError =>
  new RestoreError({ ...failed, operation, object: failed.object.slice(0, 400) }, { cause })

/** Which block a line of the input is in (from 1, as the programs count), and what it says. */
const locate = (blocks: readonly RestoreBlock[], number: number): { block: number; line: string } | null => {
  let first = 1
  for (const [block, { table, lines }] of blocks.entries()) {
    const at = number - first
    if (at === 0) return { block, line: `*${table}` }
    if (at === lines.length + 1) return { block, line: 'COMMIT' }
    if (at <= lines.length) return { block, line: lines[at - 1] ?? '' }
    first += lines.length + 2
  }
  return null
}

/**
 * What iptables-restore complains about: `line 4: RULE_APPEND failed (No such file or directory): rule in chain X`,
 * `iptables-restore: line 3 failed: Chain already exists.`, or a reason followed by `Error occurred at line: 3`.
 */
export const readComplaint = (stderr: string): { readonly line: number | null; readonly text: string } => {
  const found = /line:? (\d+)/.exec(stderr)
  const text = stderr
    .split('\n')
    .map((one) => one.replace(/^\S*ip6?tables\S*(?: v\S+ \([a-z_]+\))?: ?/, '').trim())
    .filter((one) => one !== '' && !/^(Try `|Error occurred at line)/.test(one))
    .map((one) => one.replace(/^line \d+(?: failed)?:? ?/, ''))
    .filter((one) => one !== '')
  return { line: found ? Number(found[1]) : null, text: text.slice(0, 3).join('; ') }
}

const lastLine = (text: string): string => text.split('\n').at(-1)?.replace(/\.$/, '') ?? ''

/** The programs say words. */
const errnoOf = (text: string): string => {
  if (/no such file|no chain\/target\/match|does not exist|does a matching rule exist/i.test(text)) return 'ENOENT'
  if (/already exists/i.test(text)) return 'EEXIST'
  if (/resource busy|not empty|temporarily unavailable/i.test(text)) return 'EBUSY'
  if (/permission|operation not permitted/i.test(text)) return 'EPERM'
  return 'EINVAL'
}
