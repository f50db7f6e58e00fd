/** What a pod's server is told, what it counts and what it answers. */
export interface PodServerConfig {
  readonly name: string
  readonly ports: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[]
}

/** Since the process started. */
export interface PodCounts {
  /** accepted; of datagrams: clients seen (address and port) */
  readonly connections: number
  readonly requests: number
  readonly open: number
  readonly cpuMicros: number
}

/** The line that a pod sends back. */
export interface PodAnswer {
  readonly pod: string
  /** the source that the pod saw: a node's address where the connection was masqueraded */
  readonly from: string
  readonly fromPort: number
  readonly port: number
}
