import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { openKernel } from '../../src/kernel/index.ts'
import type { Nftables } from '../../src/kernel/nftables/types.ts'
import { silent } from '../../src/util/log.ts'
import { enterOwnNetwork } from './private-network.ts'

/** Runs nft; what it prints. Throws where it fails. */
export const nft = (...args: readonly string[]): string => execFileSync('nft', args, { encoding: 'utf8' })

/** Hands a test file a connection in a network namespace of its process's own, which is empty again after each test. */
export const useOwnNftables = (take: (nftables: Nftables) => void): void => {
  let connection: Nftables | null = null
  beforeAll(async () => {
    await enterOwnNetwork()
    connection = await (await openKernel()).nftables(silent)
    take(connection)
  })
  // without a connection of its own the process may still be in the machine's namespace
  afterEach(() => void (connection !== null && nft('flush', 'ruleset')))
  afterAll(() => connection?.[Symbol.asyncDispose]())
}
