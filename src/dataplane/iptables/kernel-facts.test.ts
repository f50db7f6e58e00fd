import { expect, test } from 'vitest'
import { KernelError } from '../../kernel/errors.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Sysctls } from '../../kernel/sysctl.ts'
import { readKernelFacts } from './kernel-facts.ts'
import { silent } from '../../util/log.ts'

const sysctls = (value: number | null): Sysctls => ({
  read: () => {
    if (value === null) throw new KernelError({ operation: 'read sysctl', errno: 'ENOENT' })
    return value
  },
  write: () => {},
})

const accounting = (
  names: ReadonlySet<string> | null,
  made: string[] = [],
  fails = false,
): Pick<Kernel, 'accounting'> => ({
  accounting: async () => ({
    names: async () => names,
    make: async (wanted) => {
      if (fails) throw new KernelError({ operation: 'nfacct add', errno: 'EPERM' })
      made.push(...wanted)
    },
    remove: async () => {},
    [Symbol.dispose]: () => {},
  }),
})

test.each([
  [0, false],
  [1, true],
  [null, false],
])('nf_conntrack_tcp_be_liberal %s', async (value, expected) => {
  const facts = await readKernelFacts(accounting(null), { log: silent, make: true }, sysctls(value))
  expect(facts).toEqual({ tcpBeLiberal: expected, nfacct: false })
})

test('counters: made where they may be, used where they are', async () => {
  const facts = async (kernel: Pick<Kernel, 'accounting'>, make: boolean) =>
    (await readKernelFacts(kernel, { log: silent, make }, sysctls(0))).nfacct
  const made: string[] = []
  expect(await facts(accounting(new Set(), made), true)).toBe(true)
  expect(made).toEqual(['ct_state_invalid_dropped_pkts', 'localhost_nps_accepted_pkts'])
  expect(await facts(accounting(new Set()), false)).toBe(false)
  expect(await facts(accounting(new Set(made)), false)).toBe(true)
  expect(await facts(accounting(null), true)).toBe(false)
  expect(await facts(accounting(new Set(), [], true), true)).toBe(false)
})
