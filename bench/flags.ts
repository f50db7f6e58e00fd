import { parseArgs } from 'node:util'
import type { PlaneName } from '../src/dataplane/plane.ts'
import { planeNamed } from '../src/dataplane/registry.ts'
import { type PeerName, peerNames, usualPeers } from './peers/proxies.ts'

/** What was asked for cannot be: exit 2, with the usage. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

const options = {
  services: { type: 'string' },
  endpoints: { type: 'string', default: '10' },
  changes: { type: 'string' },
  storm: { type: 'string', default: '1000' },
  patience: { type: 'string', default: '600' },
  peers: { type: 'string', default: usualPeers.join(',') },
  'iptables-backend': { type: 'string', default: 'nft' },
  hours: { type: 'string', default: '24' },
  events: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: '1' },
  seeds: { type: 'string', default: '5' },
  plane: { type: 'string', default: 'nftables' },
  profile: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'table' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type NumberFlag = 'services' | 'endpoints' | 'changes' | 'storm' | 'patience' | 'hours' | 'events' | 'seeds'

/** The flags of all benchmarks; what is asked of one is read when it is asked for. All of it throws UsageError. */
export interface Flags {
  /** '' none */
  readonly benchmark: string
  readonly help: boolean
  readonly json: boolean
  readonly seed: string
  /** directory for CPU profiles */
  readonly profile: string | undefined
  number(name: NumberFlag, fallback?: number): number
  plane(): PlaneName
  peers(): readonly PeerName[]
  iptables(): 'legacy' | 'nft'
}

export const readFlags = (args: readonly string[]): Flags => {
  const { values, positionals } = asUsage(() => parseArgs({ args: [...args], allowPositionals: true, options }))
  const [benchmark = '', more] = positionals
  if (more !== undefined) throw new UsageError(`one benchmark at a time, not ${positionals.join(' and ')}`)
  if (values.output !== 'table' && values.output !== 'json')
    throw new UsageError(`-o: table or json, not ${values.output}`)
  return {
    benchmark,
    help: values.help,
    json: values.output === 'json',
    seed: values.seed,
    profile: values.profile,
    number(name, fallback) {
      const value = Number(values[name] ?? fallback)
      if (!Number.isInteger(value) || value < 1)
        throw new UsageError(`--${name}: a whole number from 1, not ${values[name]}`)
      return value
    },
    plane: () => asUsage(() => planeNamed(values.plane)),
    peers() {
      const names = values.peers.split(',')
      const chosen = peerNames.filter((name) => names.includes(name))
      if (chosen.length !== names.length)
        throw new UsageError(`--peers: some of ${peerNames.join(',')}, not ${values.peers}`)
      return chosen
    },
    iptables() {
      const backend = values['iptables-backend']
      if (backend !== 'legacy' && backend !== 'nft')
        throw new UsageError(`--iptables-backend: legacy or nft, not ${backend}`)
      return backend
    },
  }
}

const asUsage = <T>(read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
