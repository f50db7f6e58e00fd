import type { BlockingServer } from '../../kernel/blocking-tcp.ts'

/** From an address of this network namespace to targets that lead to a `BlockingServer` in it. */
export interface ConnectRequest {
  readonly client: string
  readonly targets: readonly { readonly address: string; readonly port: number }[]
  /** connections to each target, the targets in turn */
  readonly count: number
}

/** µs, one list for each target */
export type ConnectTimes = readonly (readonly number[])[]

/** Throws where a connection is refused. Blocks the event loop. */
export const timeConnects = (server: BlockingServer, { client, targets, count }: ConnectRequest): ConnectTimes => {
  const times = targets.map((): number[] => [])
  for (let i = 0; i < count; i++) {
    // whoever comes first pays for a cold cache: each in its turn
    for (let place = 0; place < targets.length; place++) {
      const index = (i + place) % targets.length
      const target = targets[index]
      if (target) times[index]?.push(server.connect(client, target.address, target.port) * 1000)
    }
  }
  return times
}
