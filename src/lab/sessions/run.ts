import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../util/random.ts'
import { codeOf, hold, type Held } from '../connection.ts'
import type { PodAnswer } from '../pod-protocol.ts'
import type { Target } from '../traffic-protocol.ts'
import { drawLife, drawResidual, type Life, type Lifetime } from './lifetime.ts'
import {
  type FailedConnection,
  mostConnections,
  type Pattern,
  type SessionConnection,
  type SessionEnd,
  type SessionsAnswer,
  type SessionsRequest,
} from './protocol.ts'

/** Connections that last, as a pool's or as arrivals, until `stop`. */
export interface RunningSessions {
  /** as it stands now */
  answer(): SessionsAnswer
  /** closes all; those that were open are told as open */
  stop(): Promise<SessionsAnswer>
}

interface Entry extends SessionConnection {
  closedAt: number | null
  requests: number
  end: SessionEnd
}

interface Running {
  readonly request: SessionsRequest
  readonly entries: Entry[]
  readonly failed: FailedConnection[]
  readonly startedAt: number
  leftOut: number
  /** ends every pause */
  readonly stop: AbortController
}

/** Seconds since the epoch: the same in every process of the machine. */
const now = (): number => (performance.timeOrigin + performance.now()) / 1000

/** For so many seconds (Infinity: as long as timers go), or until the signal. */
const pause = async (seconds: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted || seconds <= 0) return
  await sleep(Math.min(seconds * 1000, 2 ** 31 - 1), undefined, { signal }).catch(() => {})
}

const inTurn = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length]
  if (item === undefined) throw new RangeError('a set of sessions needs a target and a lifetime')
  return item
}

/** Throws RangeError when there is no target or no lifetime. */
export const runSessions = (request: SessionsRequest): RunningSessions => {
  const { pattern, targets, lifetimes } = request
  inTurn(targets, 0)
  inTurn(lifetimes, 0)
  const running: Running = {
    request,
    entries: [],
    failed: [],
    startedAt: now(),
    leftOut: 0,
    stop: new AbortController(),
  }
  // each connection listens
  setMaxListeners(0, running.stop.signal)
  const finished =
    pattern.kind === 'pool'
      ? Promise.all(Array.from({ length: pattern.sessions }, (_, i) => poolSession(running, i, pattern)))
      : arrivals(running, pattern)
  const answer = (): SessionsAnswer => {
    const { entries, failed, leftOut } = running
    return { connections: entries, failed, leftOut }
  }
  return {
    answer,
    async stop() {
      running.stop.abort()
      await finished
      return answer()
    },
  }
}

const isFull = (running: Running): boolean => {
  if (running.entries.length + running.failed.length < mostConnections) return false
  running.leftOut++
  return true
}

const poolSession = async (
  running: Running,
  session: number,
  { settled, retryMs, sessions, rampSeconds = 0 }: Extract<Pattern, { readonly kind: 'pool' }>,
): Promise<void> => {
  const { request, stop } = running
  const random = seededRandom(`${request.seed} ${session}`)
  const lifetime = inTurn(request.lifetimes, session)
  let joining = settled
  let dueAt = running.startedAt + (session / sessions) * rampSeconds
  await pause(dueAt - now(), stop.signal)
  while (!stop.signal.aborted && !isFull(running)) {
    const ended = await connectAndKeep(running, session, {
      dueAt,
      life: (joining ? drawResidual : drawLife)(lifetime, random),
      // a settled pool's requests do not come all at the same moments
      phase: joining ? (random() + 0.5) / 2 ** 32 : 1,
    })
    if (ended !== null) joining = false
    else await pause(retryMs / 1000, stop.signal)
    dueAt = ended ?? now()
  }
}

/** open at a time, of arrivals */
const mostOpen = 4000

const arrivals = async (
  running: Running,
  { perSecond, count }: { readonly perSecond: number; readonly count: number | null },
): Promise<void> => {
  const { request, stop } = running
  const open = new Set<Promise<unknown>>()
  const started = now()
  for (let i = 0; i < (count ?? Infinity); i++) {
    const dueAt = started + i / perSecond
    await pause(dueAt - now(), stop.signal)
    if (stop.signal.aborted || isFull(running)) break
    if (open.size >= mostOpen) {
      running.leftOut++
      continue
    }
    const lifetime: Lifetime = inTurn(request.lifetimes, i)
    const life = drawLife(lifetime, seededRandom(`${request.seed} ${i}`))
    const one = connectAndKeep(running, i, { dueAt, life, phase: 1 }).finally(() => open.delete(one))
    open.add(one)
  }
  await Promise.all(open)
}

interface Use {
  /** its life begins then, however late it is opened: a busy machine does not make lives longer */
  readonly dueAt: number
  readonly life: Life
  /** share of the usual gap before the second request */
  readonly phase: number
}

/** Resolves when the connection has ended, with the moment when it was to end; null: it never answered. */
const connectAndKeep = async (running: Running, session: number, use: Use): Promise<number | null> => {
  const { request, entries, failed } = running
  const { timeoutMs } = request
  const at = now()
  const opened = await open(inTurn(request.targets, session), timeoutMs)
  const tookMs = (now() - at) * 1000
  if ('error' in opened) {
    failed.push({ session, at, tookMs, error: codeOf(opened.error) })
    return null
  }
  const { held, answer } = opened
  const entry: Entry = {
    session,
    pod: answer.pod,
    fromPort: held.localPort,
    dueAt: use.dueAt,
    openedAt: at,
    closedAt: null,
    requests: 1,
    openMs: tookMs,
    end: 'open',
  }
  entries.push(entry)
  const { end, dueAt = now() } = await keep(running, held, entry, use)
  entry.end = end
  if (end !== 'open') entry.closedAt = now()
  await held.close()
  return dueAt
}

type Opened = { readonly held: Held; readonly answer: PodAnswer } | { readonly error: unknown }

/** The time limit is for connecting and for the first answer together. */
const open = async (target: Target, timeoutMs: number): Promise<Opened> => {
  const started = performance.now()
  let held: Held | undefined
  try {
    held = await hold(target, timeoutMs)
    return { held, answer: await held.ask(Math.max(1, timeoutMs - (performance.now() - started))) }
  } catch (error) {
    await held?.close()
    return { error }
  }
}

interface Kept {
  readonly end: SessionEnd
  /** when its life was over; absent: it was ended before */
  readonly dueAt?: number
}

/** Sends requests until the connection's life is over or somebody ends it. */
const keep = async (running: Running, held: Held, entry: Entry, { dueAt, life, phase }: Use): Promise<Kept> => {
  const { request, stop } = running
  const disturbed = new AbortController()
  const disturb = (): void => disturbed.abort()
  let cut = false
  const watch = async (): Promise<void> => {
    await held.ended
    cut = true
    disturb()
  }
  void watch()
  stop.signal.addEventListener('abort', disturb)
  // it was opened while the others were ended
  if (stop.signal.aborted) disturb()
  try {
    const gap = request.requestsPerSecond === 0 ? Infinity : 1 / request.requestsPerSecond
    const closesAt = dueAt + life.seconds
    if (gap === Infinity && entry.requests >= life.requests) return { end: 'lifetime' }
    for (let next = dueAt + gap * phase; ; next += gap) {
      await pause(Math.min(next, closesAt) - now(), disturbed.signal)
      if (cut) return { end: 'cut' }
      if (stop.signal.aborted) return { end: 'open' }
      // the request that is due would be one too many
      if (closesAt <= next || entry.requests >= life.requests)
        return { end: 'lifetime', dueAt: Math.min(next, closesAt) }
      try {
        await held.ask(request.timeoutMs)
        entry.requests++
      } catch {
        return { end: cut ? 'cut' : 'failed' }
      }
    }
  } finally {
    stop.signal.removeEventListener('abort', disturb)
  }
}
