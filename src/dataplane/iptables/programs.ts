import { findPrograms } from '../../kernel/iptables/programs.ts'
import type { KernelOptions } from '../../kernel/index.ts'

/** What is missing of the programs of a back end; null: nothing, or no back end is named. */
export const missingPrograms = async ({ iptables }: KernelOptions): Promise<string | null> => {
  if (iptables === undefined) return null
  try {
    await findPrograms(iptables)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a person types to see the rules of nat with their counters. Throws KernelError where the back end's programs are missing. */
export const listing = async ({ iptables = 'nft' }: KernelOptions): Promise<readonly string[]> => [
  ...(await findPrograms(iptables)).save.ip,
  '-c',
]
