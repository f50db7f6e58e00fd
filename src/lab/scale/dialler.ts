import { listenBlocking } from '../../kernel/blocking-tcp.ts'
import { serveJsonLines } from '../json-lines.ts'
import { timeConnects, type ConnectRequest } from './connects.ts'
import { TARGET_PORT } from './objects.ts'

/** All the pods and their client, in one process of its own: the agent's heap has no part in what is measured. */
const server = listenBlocking('0.0.0.0', TARGET_PORT)

serveJsonLines({ connect: (request: ConnectRequest) => timeConnects(server, request) }, () => process.exit(0))
