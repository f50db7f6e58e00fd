import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AgentStatus } from './status/status.ts'
import type { WhyRequest } from './why/answer.ts'
import type { WhyReport } from './why/report.ts'

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

/** Confirms what the brake holds. */
export interface BrakeRequest {
  readonly request: 'brake-release'
  /** ms for which nothing is held after it, 0 … a day */
  readonly suspendMs: number
}

export interface BrakeAnswer {
  /** null: there is no brake */
  readonly released: number | null
  /** ms since the epoch: nothing is held before; 0: whatever comes next may be */
  readonly suspendedUntil: number
}

/** What an agent answers, by request. Each may reject: the reason is told. */
export interface ControlAnswers {
  readonly status: (request: StatusRequest) => Promise<AgentStatus>
  readonly why: (request: WhyRequest) => Promise<WhyReport>
  readonly releaseBrake: (request: BrakeRequest) => Promise<BrakeAnswer>
}

/** Somebody else has it: an agent runs in this network namespace. */
export class AgentRuns extends Error {
  constructor() {
    super('an evenkeel agent runs in this network namespace already')
    this.name = 'AgentRuns'
  }
}

/** Takes the place of this network namespace's agent and answers requests. Throws AgentRuns. */
export const openControl = async (answers: ControlAnswers): Promise<AsyncDisposable> => {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    void serve(socket, answers)
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
export const askAgent = async (request: StatusRequest, signal?: AbortSignal): Promise<AgentStatus | null> =>
  (await askFor(request, signal)) as AgentStatus | null

export const askWhy = async (request: WhyRequest, signal?: AbortSignal): Promise<WhyReport | null> =>
  (await askFor(request, signal)) as WhyReport | null

export const askBrakeRelease = async (request: BrakeRequest): Promise<BrakeAnswer | null> =>
  (await askFor(request)) as BrakeAnswer | null

type ControlRequest = StatusRequest | WhyRequest | BrakeRequest

const askFor = async (request: ControlRequest, signal?: AbortSignal): Promise<unknown> => {
  const answer = await ask(request, signal)
  if (answer !== null && typeof answer === 'object' && 'error' in answer)
    throw new Error(`the agent says: ${String(answer.error)}`)
  return answer
}

const ask = (request: ControlRequest, signal?: AbortSignal): Promise<unknown> =>
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

const serve = async (socket: Socket, answers: ControlAnswers): Promise<void> => {
  socket.setTimeout(LIMITS.ms, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  try {
    const request = readRequest(await readAll(socket))
    socket.end(JSON.stringify(await answer(request, answers)))
  } catch (error) {
    socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }))
  }
}

const answer = (request: ControlRequest, answers: ControlAnswers): Promise<unknown> => {
  switch (request.request) {
    case 'status':
      return answers.status(request)
    case 'why':
      return answers.why(request)
    case 'brake-release':
      return answers.releaseBrake(request)
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

const kinds = ['service', 'pod', 'any'] as const
const DAY = 86_400_000

const readRequest = (text: string): ControlRequest => {
  const raw: unknown = JSON.parse(text)
  const field = (name: string): unknown =>
    typeof raw === 'object' && raw !== null ? Reflect.get(raw, name) : undefined
  switch (field('request')) {
    case 'status':
      return { request: 'status', verify: field('verify') === true, counters: field('counters') === true }
    case 'why': {
      const kind = kinds.find((one) => one === field('kind')) ?? 'any'
      return { request: 'why', kind, namespace: String(field('namespace')), name: String(field('name')) }
    }
    case 'brake-release':
      return { request: 'brake-release', suspendMs: Math.min(DAY, Math.max(0, Number(field('suspendMs')) || 0)) }
    default:
      throw new Error('this agent answers only the requests "status", "why" and "brake-release"')
  }
}
