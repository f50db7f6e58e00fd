import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type Koffi from 'koffi'

/** linux/capability.h */
const CAP_NET_ADMIN = 12
const VERSION_3 = 0x20080522
/** of the two words of each set, the bytes of struct __user_cap_data_struct: effective, permitted, inheritable */
const WORD = 12

/**
 * Makes CAP_NET_ADMIN effective where it is only permitted: so the kernel starts a container's Node as another user than root, when the
 * file has `cap_net_admin=p`. With `=ep` it would refuse to start it at all where a container may not have the capability, and `plan`
 * and `trace` need none. A capability belongs to a thread, and threads inherit it: call this before any is made, so first of all.
 * Does nothing elsewhere, and loads koffi only where there is something to do. Throws when the kernel refuses.
 */
export const raiseCapabilities = (status: string = readStatus()): void => {
  const bit = 1n << BigInt(CAP_NET_ADMIN)
  const { permitted, effective } = capabilities(status)
  if ((permitted & bit) === 0n || (effective & bit) !== 0n) return
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi
  const self = koffi.load(null)
  const header = new Uint8Array(new Uint32Array([VERSION_3, 0]).buffer)
  const data = new Uint8Array(2 * WORD)
  const call = (name: 'capget' | 'capset'): void => {
    const answer: unknown = self.func(`int ${name}(void *, void *)`)(header, data)
    if (answer !== 0)
      throw new Error(`${name}: CAP_NET_ADMIN is permitted but cannot be made effective (errno ${koffi.errno()})`)
  }
  call('capget')
  const view = new DataView(data.buffer)
  view.setUint32(0, view.getUint32(0, true) | (1 << CAP_NET_ADMIN), true)
  call('capset')
}

/** Capability sets of a thread as bit sets, from /proc/PID/status. What is not said is none. */
export const capabilities = (status: string): { readonly permitted: bigint; readonly effective: bigint } => {
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`)
  return { permitted: set('CapPrm'), effective: set('CapEff') }
}

const readStatus = (): string => {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return '' // not Linux, or no /proc: there is nothing to raise
  }
}
