import { execFileSync } from 'node:child_process'
import { enterPrivateNetwork } from '../../src/kernel/namespace.ts'

const namespaceOfChildren = (): string => execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).trim()

/**
 * Enters a network namespace of this process's own and makes sure that the commands it starts are inside: tests that write rules must not
 * meet the machine's. Throws, so that no test of the file runs, where they are not.
 */
export const enterOwnNetwork = async (): Promise<void> => {
  const before = namespaceOfChildren()
  await enterPrivateNetwork()
  if (namespaceOfChildren() === before) throw new Error(`still in the network namespace ${before} of the machine`)
}
