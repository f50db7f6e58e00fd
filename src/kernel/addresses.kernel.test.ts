import { execFileSync } from 'node:child_process'
import { beforeAll, expect, test, vi } from 'vitest'
import { openKernel } from './index.ts'
import type { Kernel } from './kernel.ts'
import { enterPrivateNetwork } from './namespace.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
let kernel: Kernel
const ip = (command: string): string => execFileSync('ip', command.split(' '), { encoding: 'utf8' })

beforeAll(async () => {
  await enterPrivateNetwork()
  kernel = await openKernel()
  ip('link set lo up')
  ip('addr add 10.7.0.1/32 dev lo')
  ip('link add va type veth peer name vb')
  ip('link set va up')
  ip('link set vb up')
  ip('addr add 10.9.0.1/24 dev va')
  ip('addr add 10.9.1.1 peer 10.9.1.2 dev va')
  ip('-6 addr add fd00::1/64 dev va nodad')
})

test('lists what is local but loopback and link-local IPv6; a peer is not ours', async () => {
  await using addresses = await kernel.addresses()
  expect(addresses.current).toEqual(['10.7.0.1', '10.9.0.1', '10.9.1.1', 'fd00::1'])
})

test('hears of addresses that come and go, together, and of nothing after it is closed', async () => {
  const heard: (readonly string[])[] = []
  const addresses = await kernel.addresses((current) => heard.push(current))
  ip('addr add 10.9.0.7/24 dev va')
  ip('-6 addr add fd00::7/64 dev va nodad')
  await vi.waitFor(() => expect(addresses.current).toContain('fd00::7'), { timeout: 20_000 })
  expect(addresses.current).toContain('10.9.0.7')
  expect(heard.at(-1)).toEqual(addresses.current)
  ip('addr del 10.9.0.7/24 dev va')
  await vi.waitFor(() => expect(addresses.current).not.toContain('10.9.0.7'), { timeout: 20_000 })
  await addresses[Symbol.asyncDispose]()
  const before = heard.length
  ip('addr add 10.9.0.8/24 dev va')
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(heard.length).toBe(before)
})
