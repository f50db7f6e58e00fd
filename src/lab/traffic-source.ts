import { formatEndpoint } from '../model/address.ts'
import { ask, codeOf, hold, type Held } from './connection.ts'
import { serveJsonLines } from './json-lines.ts'
import type { SessionsAnswer, SessionsRequest } from './sessions/protocol.ts'
import { runSessions, type RunningSessions } from './sessions/run.ts'
import type {
  ConnectRequest,
  ConnectResult,
  HeldResult,
  HoldRequest,
  PulseRequest,
  Target,
} from './traffic-protocol.ts'

/** Opens connections from inside a namespace and says how each ended. A process of its own, asked on stdin. */

interface Tally {
  attempted: number
  failures: number
  errors: Record<string, number>
  answers: Record<string, number>
  slowestMs: number
}

const newTally = (): Tally => ({ attempted: 0, failures: 0, errors: {}, answers: {}, slowestMs: 0 })

const count = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1
}

const describe = (error: unknown, { address, port, protocol }: Target): string =>
  `${codeOf(error)} ${formatEndpoint(address, port)}/${protocol}`

const attempt = async (target: Target, timeoutMs: number, tally: Tally): Promise<void> => {
  const started = performance.now()
  tally.attempted++
  try {
    count(tally.answers, (await ask(target, timeoutMs)).pod)
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - started)
  } catch (error) {
    tally.failures++
    count(tally.errors, describe(error, target))
  }
}

/** Each target in turn, until its count is used up. */
function* inTurn(targets: readonly Target[], counts: readonly number[]): Generator<Target> {
  const left = [...counts]
  for (let any = true; any; ) {
    any = false
    for (const [i, target] of targets.entries()) {
      if ((left[i] ?? 0) <= 0) continue
      left[i] = (left[i] ?? 0) - 1
      any = true
      yield target
    }
  }
}

const connectAll = async ({ targets, counts, concurrency, timeoutMs }: ConnectRequest): Promise<ConnectResult> => {
  const tally = newTally()
  const work = inTurn(targets, counts)
  const worker = async (): Promise<void> => {
    for (const target of work) await attempt(target, timeoutMs, tally)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return tally
}

let pulse: { stop(): Promise<ConnectResult> } | undefined

const startPulse = ({ targets, perSecond, timeoutMs }: PulseRequest): void => {
  const tally = newTally()
  const open = new Set<Promise<void>>()
  let next = 0
  const timer = setInterval(() => {
    const target = targets[next++ % targets.length]
    if (target === undefined || open.size >= 256) return
    const one = attempt(target, timeoutMs, tally).finally(() => open.delete(one))
    open.add(one)
  }, 1000 / perSecond)
  pulse = {
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      return tally
    },
  }
}

const held: { readonly target: Target; readonly connection: Held }[] = []

const holdAll = async ({ targets, perTarget, timeoutMs }: HoldRequest): Promise<HeldResult> => {
  const errors: Record<string, number> = {}
  for (const target of targets)
    for (let i = 0; i < perTarget; i++) {
      try {
        const connection = await hold(target, timeoutMs)
        await connection.ask(timeoutMs)
        held.push({ target, connection })
      } catch (error) {
        count(errors, describe(error, target))
      }
    }
  return { open: held.length, errors }
}

const askHeld = async ({ timeoutMs }: { readonly timeoutMs: number }): Promise<HeldResult> => {
  const errors: Record<string, number> = {}
  const asked = await Promise.all(
    held.map(({ target, connection }) =>
      connection.ask(timeoutMs).then(
        () => true,
        (error: unknown) => {
          count(errors, describe(error, target))
          return false
        },
      ),
    ),
  )
  return { open: asked.filter(Boolean).length, errors }
}

const releaseHeld = async (): Promise<void> => {
  await Promise.all(held.splice(0).map(({ connection }) => connection.close()))
}

const sessions = new Map<string, RunningSessions>()

const startSessions = (request: SessionsRequest): void => {
  if (sessions.has(request.name)) throw new Error(`sessions ${request.name} run already`)
  sessions.set(request.name, runSessions(request))
}

const sessionsNamed = ({ name }: { readonly name: string }): RunningSessions => {
  const running = sessions.get(name)
  if (running === undefined) throw new Error(`no sessions ${name} run here`)
  return running
}

const stopSessions = (request: { readonly name: string }): Promise<SessionsAnswer> => {
  const running = sessionsNamed(request)
  sessions.delete(request.name)
  return running.stop()
}

/** Which of the targets answer now; a probe waits for no answer line, as a kubelet's TCP probe. */
const probe = async ({ targets, timeoutMs }: HoldRequest): Promise<boolean[]> =>
  Promise.all(
    targets.map((target) =>
      (target.protocol === 'UDP' ? ask(target, timeoutMs) : hold(target, timeoutMs).then((held) => held.close())).then(
        () => true,
        () => false,
      ),
    ),
  )

serveJsonLines(
  {
    connect: connectAll,
    pulse: startPulse,
    stopPulse: () => pulse?.stop() ?? newTally(),
    hold: holdAll,
    askHeld,
    releaseHeld,
    startSessions,
    sessions: (request: { readonly name: string }) => sessionsNamed(request).answer(),
    stopSessions,
    probe,
  },
  () => process.exit(0),
)
