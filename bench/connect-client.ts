import { listenBlocking } from '../src/kernel/blocking-tcp.ts'
import { type ConnectRequest as Connects, type ConnectTimes, timeConnects } from '../src/lab/scale/connects.ts'
import { TARGET_PORT } from '../src/lab/scale/objects.ts'
import { answerCalls } from '../test/support/child-calls.ts'

/** Listens at `server`, connects from `client`: both addresses of this process's network namespace. */
export interface ConnectRequest extends Connects {
  readonly ask: 'connect'
}

const server = listenBlocking(process.argv[2] ?? '', TARGET_PORT)

answerCalls<ConnectRequest, ConnectTimes>(async (request) => timeConnects(server, request))
