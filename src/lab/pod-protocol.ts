/** What a pod's server is told, what it counts and what it answers. */
export interface PodServerConfig {
  readonly name: string
  readonly ports: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[]
  /** default: it listens at once and answers at once */
  readonly behaviour?: PodBehaviour
}

/** How the TCP ports behave; what is left out stays as it is. */
export interface PodBehaviour {
  /** false: new connections are refused, those that are open go on */
  readonly listening?: boolean
  /** ms before each answer; null: never */
  readonly answerAfterMs?: number | null
}

/** Since the process started. */
export interface PodCounts {
  /** accepted; of datagrams: clients seen (address and port) */
  readonly connections: number
  readonly requests: number
  readonly open: number
  readonly cpuMicros: number
  /** of the TCP ports, by number */
  readonly ports: { readonly [port: number]: PortCounts }
}

export interface PortCounts {
  readonly connections: number
  readonly requests: number
  readonly open: number
  /** accepted, by the source address that the pod saw; beyond `mostPeers` addresses all under `others` */
  readonly peers: { readonly [address: string]: number }
}

export const mostPeers = 10_000

/** The line that a pod sends back. */
export interface PodAnswer {
  readonly pod: string
  /** the source that the pod saw: a node's address where the connection was masqueraded */
  readonly from: string
  readonly fromPort: number
  readonly port: number
}
