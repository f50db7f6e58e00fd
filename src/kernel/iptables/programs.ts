import { CommandError, exec } from '../exec.ts'
import { KernelError } from '../errors.ts'
import type { IptablesBackEnd, IptablesFamily } from './types.ts'

/** How to start a program: its name, and arguments that stand before all others. */
export type Program = readonly [command: string, ...args: string[]]

export interface Programs {
  readonly backEnd: IptablesBackEnd
  readonly version: string
  readonly save: Readonly<Record<IptablesFamily, Program>>
  readonly restore: Readonly<Record<IptablesFamily, Program>>
}

export interface IptablesVersion {
  readonly version: string
  readonly backEnd: IptablesBackEnd
}

/** `iptables v1.8.9 (nf_tables)`; before 1.8 there was one back end and none was named. Null: not understood. */
export const parseVersion = (text: string): IptablesVersion | null => {
  const match = /^\S+ v(\d+(?:\.\d+)+)(?: \((nf_tables|legacy)\))?/m.exec(text)
  if (match === null) return null
  return { version: match[1] ?? '', backEnd: match[2] === 'nf_tables' ? 'nft' : 'legacy' }
}

/** --wait of iptables-restore and MASQUERADE --random-fully came with it. */
const OLDEST = [1, 6, 2]

export const isTooOld = (version: string): boolean => {
  const parts = version.split('.').map(Number)
  for (const [index, least] of OLDEST.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}

const prefixes = { ip: 'iptables', ip6: 'ip6tables' } as const

/** Where distributions put a back end's programs: under its own name, inside a multi-call program, or as plain `iptables`. */
const candidates = (backEnd: IptablesBackEnd): readonly ((name: string) => Program)[] => [
  (name) => [name.replace('tables', `tables-${backEnd}`)],
  (name) => [`xtables-${backEnd}-multi`, name],
  (name) => [name],
]

/**
 * The programs of a back end.
 * @throws KernelError that says what to install
 */
export const findPrograms = async (backEnd: IptablesBackEnd): Promise<Programs> => {
  for (const named of candidates(backEnd)) {
    const found = await versionOf(named('iptables'))
    if (found === null || found.backEnd !== backEnd) continue
    if (isTooOld(found.version))
      throw missing(
        backEnd,
        `${named('iptables').join(' ')} is ${found.version}; ${OLDEST.join('.')} or later is needed`,
      )
    return {
      backEnd,
      version: found.version,
      save: { ip: named(`${prefixes.ip}-save`), ip6: named(`${prefixes.ip6}-save`) },
      restore: { ip: named(`${prefixes.ip}-restore`), ip6: named(`${prefixes.ip6}-restore`) },
    }
  }
  throw missing(backEnd, `no iptables-${backEnd}-restore in PATH: install the distribution's iptables package`)
}

/** What plain `iptables` is here; null: there is none. */
export const defaultBackEnd = async (): Promise<IptablesBackEnd | null> =>
  (await versionOf(['iptables']))?.backEnd ?? null

const versionOf = async ([command, ...args]: Program): Promise<IptablesVersion | null> => {
  try {
    return parseVersion(await exec(command, [...args, '--version']))
  } catch (error) {
    if (error instanceof CommandError) return null
    throw error
  }
}

const missing = (backEnd: IptablesBackEnd, detail: string): KernelError =>
  new KernelError({ operation: `iptables (${backEnd})`, errno: 'ENOENT', detail })
