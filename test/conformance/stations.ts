import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Dial, Listening } from './answer.ts'
import type { Installation } from './install.ts'
import type { Losses, StationReply, StationRequest, StationValue } from './station.ts'

/** A station's process, from outside. Every call ends within `deadlineMs` or throws. */
export interface Station extends AsyncDisposable {
  serve(at: readonly Listening[]): Promise<void>
  /** stops all servers */
  close(): Promise<void>
  /** all at once; answers in the same order */
  dial(dials: readonly Dial[]): Promise<readonly Answer[]>
  install(installation: Installation): Promise<void>
  uninstall(): Promise<Losses>
}

type Ask = StationRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never

interface Waiting {
  resolve(value: StationValue): void
  reject(error: Error): void
}

export const startStation = (namespace: string, deadlineMs: number): Station => {
  const script = fileURLToPath(new URL('station.ts', import.meta.url))
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const call = caller(child, namespace, deadlineMs)
  return {
    serve: async (at) => void (await call({ ask: 'serve', at })),
    close: async () => void (await call({ ask: 'close' })),
    dial: async (dials) => (await call({ ask: 'dial', dials })) as readonly Answer[],
    install: async (installation) => void (await call({ ask: 'install', installation })),
    uninstall: async () => (await call({ ask: 'uninstall' })) as Losses,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exit
      clearTimeout(timer)
    },
  }
}

const caller = (child: ChildProcess, namespace: string, deadlineMs: number): ((ask: Ask) => Promise<StationValue>) => {
  const waiting = new Map<number, Waiting>()
  let next = 0
  let gone: Error | null = null
  const end = (why: string): void => {
    gone = new Error(`station ${namespace}: ${why}`)
    for (const { reject } of waiting.values()) reject(gone)
    waiting.clear()
  }
  child.on('error', (error) => end(error.message))
  child.on('exit', (code, signal) => end(`ended (${signal ?? `exit code ${code}`})`))
  child.on('message', (reply: StationReply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) call?.reject(new Error(`station ${namespace}: ${reply.error}`))
    else call?.resolve(reply.value)
  })
  return async (ask) => {
    if (gone) throw gone
    const id = next++
    const timer = setTimeout(() => {
      waiting.get(id)?.reject(new Error(`station ${namespace}: no answer to ${ask.ask} within ${deadlineMs} ms`))
      waiting.delete(id)
    }, deadlineMs)
    try {
      return await new Promise<StationValue>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ ...ask, id } as StationRequest, (error) => error && reject(error))
      })
    } finally {
      clearTimeout(timer)
    }
  }
}
