import { canonicalAddress } from '../../model/address.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import { show } from '../../sources/faults.ts'
import { type FlagValues, otherFlags } from './flags.ts'

export interface ServerFlags {
  /** what is left to be read as fields */
  readonly flags: FlagValues
  readonly noHealthz: boolean
  readonly noMetrics: boolean
  readonly problems: readonly InputProblem[]
  readonly warnings: readonly InputProblem[]
}

/**
 * The flags of kube-proxy's two servers that no field can say: an empty address or the deprecated port 0 is no server, and the
 * deprecated port goes to an address that has none. Flags of which nothing comes are named.
 */
export const serverFlags = (given: FlagValues, withConfig: boolean): ServerFlags => {
  const problems: InputProblem[] = []
  const warnings: InputProblem[] = []
  const say = (to: InputProblem[], flag: string, message: string): void =>
    void to.push({ where: 'flags', object: '', field: `--${flag}`, message })
  const flags: Record<string, string | boolean> = { ...given }
  const isOff = (name: 'healthz' | 'metrics'): boolean => {
    const [address, port] = [flags[`${name}-bind-address`], flags[`${name}-port`]]
    if (withConfig) {
      if (port !== undefined) say(warnings, `${name}-port`, `has no effect: with --config ${name}BindAddress counts`)
      return false
    }
    if (port === undefined) return address === ''
    if (typeof port !== 'string' || !/^\d{1,5}$/.test(port) || Number(port) > 65_535)
      say(problems, `${name}-port`, `must be a port 0 … 65535, not ${show(port)}`)
    if (port === '0') return true
    if (typeof address === 'string' && canonicalAddress(address) !== null)
      flags[`${name}-bind-address`] = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
    else
      say(
        warnings,
        `${name}-port`,
        `has no effect: as in kube-proxy only a --${name}-bind-address without a port gets it; write the port there`,
      )
    return address === ''
  }
  const [noHealthz, noMetrics] = [isOff('healthz'), isOff('metrics')]
  for (const { flag, noEffect } of otherFlags)
    if (noEffect !== undefined && given[flag] !== undefined) say(warnings, flag, `has no effect: ${noEffect}`)
  return { flags, noHealthz, noMetrics, problems, warnings }
}
