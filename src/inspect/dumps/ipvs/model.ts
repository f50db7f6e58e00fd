import type { Protocol } from '../../../model/objects.ts'

/** IPVS' virtual services as a dump or the kernel lists them. */
export interface IpvsState {
  readonly services: readonly IpvsService[]
}

export type IpvsKey =
  /** port 0: every port that no other service has */
  | { readonly kind: 'address'; readonly protocol: Protocol; readonly address: string; readonly port: number }
  | { readonly kind: 'mark'; readonly family: 'ip' | 'ip6'; readonly mark: number }

export interface IpvsService {
  readonly key: IpvsKey
  /** the kernel's name: rr, wrr, lc, …; null: the listing does not say (`--stats`) */
  readonly scheduler: string | null
  /** as listed, e.g. `sh-port` */
  readonly flags: readonly string[]
  /** seconds; null: not persistent */
  readonly persistence: number | null
  /** in the kernel's order */
  readonly destinations: readonly IpvsDestination[]
  /** servers are missing: their lines were not understood */
  readonly damaged?: true
  readonly file: string
  readonly line: number
}

export type Forward = 'Masq' | 'Route' | 'Tunnel' | 'Local'

export interface IpvsDestination {
  readonly address: string
  /** 0: the packet's own */
  readonly port: number
  readonly forward: Forward
  /** null: the listing does not say (`--stats`) */
  readonly weight: number | null
  /** connections; null: the listing has no counts */
  readonly active: number | null
  readonly inactive: number | null
  /** scheduled since it was added, of `--stats`; missing: the listing has none */
  readonly connections?: number
  /** of both directions, of `--stats` */
  readonly bytes?: number
  readonly line: number
}

/** `10.96.0.10:53/UDP`, `mark 0x1`: as people name a virtual service. */
export const formatKey = (key: IpvsKey): string => {
  if (key.kind === 'mark') return `mark 0x${key.mark.toString(16)}${key.family === 'ip6' ? ' ip6' : ''}`
  const { address, port, protocol } = key
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`
}
