import { nftables } from '../../src/dataplane/nftables/index.ts'
import { openNftablesDriver } from '../../src/dataplane/nftables/driver.ts'
import { slotBytes } from '../../src/dataplane/nftables/elements.ts'
import { type NftObject, TABLE, TABLES } from '../../src/dataplane/nftables/objects.ts'
import type { Driver } from '../../src/dataplane/plane.ts'
import { type FakeKernel, fakeKernel, type FakeKernelOptions } from '../../src/kernel/nftables/fake.ts'
import type { FakeTable } from '../../src/kernel/nftables/fake-ruleset.ts'
import type { Frontend } from '../../src/model/frontend.ts'
import { silent } from '../../src/util/log.ts'
import { planOf, type Reconciling, reconciling } from './reconciling.ts'

/** A process with the nftables plane on a kernel in memory, which is told a plan and that it is complete. */
export const start = async (
  kernel: FakeKernel,
  planned: Iterable<Frontend> = [],
): Promise<Reconciling<NftObject> & { readonly driver: Driver<NftObject> }> => {
  const driver = await openNftablesDriver(kernel, { log: silent })
  const running = reconciling({ plane: nftables, driver })
  running.reconciler.update(planOf(...planned))
  running.reconciler.sourcesComplete()
  return { driver, ...running }
}

/** A dump without what depends on history: which of its places a backend has, and in which range of slots. */
export const withoutSlots = (dump: string): string => {
  let slots = false
  const lines = dump.split('\n').map((line) => {
    if (/^ {2}\S/.test(line)) slots = line.includes('. slot }') || line.includes('. slot :')
    if (!line.startsWith('    ')) return line
    return slots ? line.replace(/^( +\w+)\w{8} : /, '$1* : ') : line.replace(/(numgen [^\]]*offset=)\d+/g, '$1*')
  })
  return lines.join('\n').replace(/(?:\n {4}\w+\* : .*)+/g, (places) => places.split('\n').sort().join('\n'))
}

/** The dump of a kernel that never had another plan. */
export const fresh = async (planned: Iterable<Frontend>, options: FakeKernelOptions = {}): Promise<string> => {
  const kernel = fakeKernel(options)
  const { settled } = await start(kernel, planned)
  await settled()
  return kernel.dump()
}

/** The tables of frontends with an address of their own. */
export const shards = (kernel: FakeKernel): FakeTable[] =>
  [...kernel.ruleset.tables.values()].filter(({ name }) => name.startsWith(`${TABLE}-`))

/** Frontends that dispatch leads to, each with its distinct backends; throws where a slot that a rule may pick has none. */
export const reachable = (kernel: FakeKernel): Map<string, Set<string>> => {
  const result = new Map<string, Set<string>>()
  for (const { name, sets, chains } of kernel.ruleset.tables.values())
    if (TABLES.includes(name)) addReachable(sets, chains, result)
  return result
}

const addReachable = (sets: FakeTable['sets'], chains: FakeTable['chains'], result: Map<string, Set<string>>): void => {
  for (const [key, { verdict }] of sets.get('services')?.elements ?? []) {
    const chain = chains.get(verdict && 'chain' in verdict ? verdict.chain : '')
    const found = new Set<string>()
    for (const { expressions } of chain?.rules ?? []) {
      const numgen = expressions.find((one) => one.name === 'numgen')
      const lookup = expressions.find((one) => one.name === 'lookup' && one.set.includes('-'))
      if (numgen?.name !== 'numgen' || lookup?.name !== 'lookup') continue
      for (let slot = numgen.offset; slot < numgen.offset + numgen.modulus; slot++) {
        const data = sets.get(lookup.set)?.elements.get(key + slotBytes(slot))
        if (!data) throw new Error(`slot ${slot} of ${Buffer.from(key, 'latin1').toString('hex')} leads nowhere`)
        found.add(data.data ?? '')
      }
    }
    result.set(key, found)
  }
}
