import { answerCalls } from '../test/support/child-calls.ts'
import { listenBlocking } from '../src/kernel/blocking-tcp.ts'
import { TARGET_PORT } from '../src/lab/scale/objects.ts'

/** Listens at `server`, connects from `client`: both addresses of this process's network namespace. */
export interface ConnectRequest {
  readonly ask: 'connect'
  readonly client: string
  readonly targets: readonly { readonly address: string; readonly port: number }[]
  /** connections to each target, the targets in turn */
  readonly count: number
}

/** µs, one list for each target */
export type ConnectTimes = readonly (readonly number[])[]

const server = listenBlocking(process.argv[2] ?? '', TARGET_PORT)

answerCalls<ConnectRequest, ConnectTimes>(async ({ client, targets, count }) => {
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
})
