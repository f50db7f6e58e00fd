import { readFile } from 'node:fs/promises'
import { exec } from '../../kernel/exec.ts'
import { openKernel } from '../../kernel/index.ts'
import { findPrograms, type Program } from '../../kernel/iptables/programs.ts'
import { cutDump } from './cutting/cut.ts'
import type { CutDump } from './cutting/parts.ts'
import type { Interfaces } from './interfaces.ts'
import type { NftRuleset } from './nft-rules/ruleset.ts'
import type { NodeRules } from './node.ts'
import { procRoutes } from './proc-routes.ts'
import type { DumpProblem } from './problem.ts'
import { readParts } from './read.ts'

/** A save of 160,000 rules takes seconds. */
const SAVE_TIMEOUT_MS = 120_000

/**
 * The rules of the network namespace that this process runs in: nf_tables over netlink, iptables-save of the back ends that are in use,
 * ipsets, IPVS, addresses and routes. Writes nothing: a table of iptables-legacy that is not loaded is not asked for, since asking would load
 * it. What cannot be read is a problem, and makes answers partial where rules may hide in it.
 */
export const readLive = async (): Promise<NodeRules> => {
  const problems: DumpProblem[] = []
  const nft = await orProblem('nf_tables', problems, readNft)
  const dumps = [
    ...(await legacyDumps(problems)),
    ...(nft === null || isBig(nft) ? [] : await nftSaves(nft.iptables, problems)),
    await fileDump('/proc/net/ip_vs', problems),
  ].filter((dump) => dump !== null)
  const mentionsSets = dumps.some(({ parts }) => parts.some(({ text }) => text.includes('--match-set ')))
  const sets = mentionsSets ? await commandDump(['ipset'], ['save'], problems) : null
  const interfaces = await orProblem('rtnetlink', problems, () => readInterfaces(problems))
  return readParts({
    parts: [...dumps, ...(sets === null ? [] : [sets])].flatMap(({ parts }) => parts),
    problems,
    complete: true,
    ...(nft === null ? {} : { nft }),
    ...(interfaces === null ? {} : { interfaces }),
  })
}

/** iptables-nft-save takes time with the square of the chains: 38 s for 160,000 rules. Beyond this many netlink alone must do. */
const MOST_SAVED_RULES = 20_000

const isBig = ({ tables, iptables }: NftRuleset): boolean => {
  let count = 0
  for (const { family, name, chains } of tables)
    if (iptables.has(`${family} ${name}`)) for (const { rules } of chains.values()) count += rules.length
  return count > MOST_SAVED_RULES
}

const readNft = async (): Promise<NftRuleset> => {
  const { readNftLive } = await import('./nft-live/index.ts')
  return readNftLive()
}

const readInterfaces = async (problems: DumpProblem[]): Promise<Interfaces> => {
  const kernel = await openKernel()
  await using watch = await kernel.addresses()
  const routes = procRoutes(await textOf('/proc/net/route', problems), await textOf('/proc/net/ipv6_route', problems))
  return { addresses: watch.current, routes, problems: [] }
}

const families = [
  { family: 'ip', names: '/proc/net/ip_tables_names' },
  { family: 'ip6', names: '/proc/net/ip6_tables_names' },
] as const

const legacyDumps = async (problems: DumpProblem[]): Promise<readonly CutDump[]> => {
  const dumps: CutDump[] = []
  for (const { family, names } of families) {
    const tables = (await textOf(names, problems)).split('\n').filter((name) => name !== '')
    if (tables.length === 0) continue
    const programs = await orProblem('iptables-legacy', problems, () => findPrograms('legacy'))
    if (programs === null) return dumps
    for (const table of tables) {
      const dump = await commandDump(programs.save[family], ['-c', '-t', table], problems)
      if (dump !== null) dumps.push(dump)
    }
  }
  return dumps
}

/** What iptables-nft wrote, in the words that people know, and with its ipsets; `tables` as `ip nat`. */
const nftSaves = async (tables: ReadonlySet<string>, problems: DumpProblem[]): Promise<readonly CutDump[]> => {
  if (tables.size === 0) return []
  const programs = await orProblem('iptables-nft', problems, () => findPrograms('nft'))
  if (programs === null) return []
  const dumps: CutDump[] = []
  for (const { family } of families) {
    if (!Array.from(tables).some((table) => table.startsWith(`${family} `))) continue
    const dump = await commandDump(programs.save[family], ['-c'], problems)
    if (dump !== null) dumps.push(dump)
  }
  return dumps
}

const commandDump = async (
  [command, ...before]: Program,
  args: readonly string[],
  problems: DumpProblem[],
): Promise<CutDump | null> => {
  const name = [command, ...before, ...args].join(' ')
  const text = await orProblem(name, problems, () =>
    exec(command, [...before, ...args], { timeoutMs: SAVE_TIMEOUT_MS }),
  )
  return text === null || text.trim() === '' ? null : cutDump({ name, text })
}

const fileDump = async (path: string, problems: DumpProblem[]): Promise<CutDump | null> => {
  const text = await textOf(path, problems)
  return text === '' ? null : cutDump({ name: path, text })
}

/** '' where the kernel has no such file. */
const textOf = async (path: string, problems: DumpProblem[]): Promise<string> =>
  (await orProblem(path, problems, () => readFile(path, 'utf8').catch(emptyIfMissing))) ?? ''

const emptyIfMissing = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT') return ''
  throw error
}

const orProblem = async <T>(file: string, problems: DumpProblem[], read: () => Promise<T>): Promise<T | null> => {
  try {
    return await read()
  } catch (error) {
    problems.push({
      file,
      text: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      doubt: true,
    })
    return null
  }
}
