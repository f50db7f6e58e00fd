import { execFileSync } from 'node:child_process'
import type { IptablesBackEnd } from '../src/kernel/iptables/types.ts'
import { type Quantiles, quantiles } from '../src/util/percentile.ts'

/**
 * What the least change costs a proxy that runs iptables-restore on the same tables: one rule in a chain that nothing leads to. Each of them
 * makes the kernel validate (nft back end) or replace (legacy) the whole nat table. Milliseconds; the chain is gone afterwards.
 */
export const bareChanges = (namespace: string, backEnd: IptablesBackEnd, count: number): Quantiles => {
  const restore = (lines: string): void =>
    void execFileSync(
      'ip',
      ['netns', 'exec', namespace, `iptables-${backEnd}-restore`, '--noflush', '--counters', '--wait', '30'],
      { input: `*nat\n${lines}\nCOMMIT\n`, stdio: ['pipe', 'ignore', 'inherit'] },
    )
  const measured = Array.from({ length: count }, () => {
    const before = performance.now()
    restore(`:${CHAIN} - [0:0]\n-A ${CHAIN} -j RETURN`)
    return performance.now() - before
  })
  restore(`:${CHAIN} - [0:0]\n-X ${CHAIN}`)
  return quantiles(measured)
}

const CHAIN = 'EVENKEEL-BENCH'
