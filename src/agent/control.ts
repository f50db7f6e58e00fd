import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AgentStatus } from './status.ts'

/** An abstract socket: it lives in the network namespace and goes with its process, so it is lock and door at once. */
const ADDRESS = '\0evenkeel-agent'
/** longest request and ms that a conversation may take */
const LIMITS = { request: 4_096, ms: 10_000 }

export interface StatusRequest {
  readonly request: 'status'
  /** read the kernel and compare it, instead of saying what is believed */
  readonly verify: boolean
  readonly counters: boolean
}

/** Somebody else has it: an agent runs in this network namespace. */
export class AgentRuns extends Error {
  constructor() {
    super('an evenkeel agent runs in this network namespace already')
    this.name = 'AgentRuns'
  }
}

/** Takes the place of this network namespace's agent and answers requests. Throws AgentRuns. */
export const openControl = async (
  answer: (request: StatusRequest) => Promise<AgentStatus>,
): Promise<AsyncDisposable> => {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    void serve(socket, answer)
  })
  await listening(server)
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Asks the agent of this network namespace; null: there is none. Throws when it does not answer. */
export const askAgent = async (request: StatusRequest, signal?: AbortSignal): Promise<AgentStatus | null> => {
  const answer = await ask(request, signal)
  if (answer !== null && typeof answer === 'object' && 'error' in answer)
    throw new Error(`the agent says: ${String(answer.error)}`)
  return answer as AgentStatus | null
}

const ask = (request: StatusRequest, signal?: AbortSignal): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path: ADDRESS })
    const limit = AbortSignal.any([AbortSignal.timeout(2 * LIMITS.ms), ...(signal ? [signal] : [])])
    limit.addEventListener('abort', () =>
      socket.destroy(new Error('the agent does not answer', { cause: limit.reason })),
    )
    const chunks: Buffer[] = []
    socket.on('connect', () => socket.end(JSON.stringify(request)))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => {
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString()))
      } catch (cause) {
        reject(new Error('the agent ended while it answered', { cause }))
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(null)
      else reject(error)
    })
  })

const listening = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new AgentRuns() : error),
    )
    server.listen({ path: ADDRESS }, resolve)
  })

const serve = async (socket: Socket, answer: (request: StatusRequest) => Promise<AgentStatus>): Promise<void> => {
  socket.setTimeout(LIMITS.ms, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  try {
    const request = readRequest(await readAll(socket))
    socket.end(JSON.stringify(await answer(request)))
  } catch (error) {
    socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }))
  }
}

const readAll = async (socket: Socket): Promise<string> => {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.length > LIMITS.request) throw new Error('the request is too long')
  }
  return text
}

const readRequest = (text: string): StatusRequest => {
  const raw: unknown = JSON.parse(text)
  const field = (name: string): unknown =>
    typeof raw === 'object' && raw !== null ? Reflect.get(raw, name) : undefined
  if (field('request') !== 'status') throw new Error('this agent answers only {"request":"status"}')
  return { request: 'status', verify: field('verify') === true, counters: field('counters') === true }
}
