import { expect, test } from 'vitest'
import type { PlaneName } from '../dataplane/plane.ts'
import { fakeKernel } from '../kernel/nftables/fake.ts'
import { silent } from '../util/log.ts'
import { parseConfig, type ProxyConfig } from './config/config.ts'
import { withKernelFacts } from './kernel-facts.ts'

const { config } = parseConfig(Buffer.alloc(0), 'x', {})

/** By a kernel without nfacct. */
const told = (plane: PlaneName, asked: ProxyConfig): Promise<ProxyConfig> =>
  withKernelFacts(asked, { plane, kernel: fakeKernel(), log: silent, make: true })

test('a plane that asks for nothing leaves the configuration as it is', async () => {
  expect(await told('nftables', config)).toBe(config)
})

test('what the kernel lacks is not used, and what is configured stays', async () => {
  const asked = { ...config, tcpBeLiberal: true, nfacct: true }
  expect(await told('iptables', asked)).toEqual({ ...asked, nfacct: false })
})
