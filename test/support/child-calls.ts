import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Calls between a process and its child over the IPC channel. One function each side: `R` is a request, a union told apart by `ask`,
 * and `V` what it may be answered with.
 */
export interface Child<R, V> extends AsyncDisposable {
  /** Throws what the child threw, when the child has ended, and when it takes longer than the deadline. */
  call(request: R): Promise<V>
}

type Reply<V> = { readonly id: number } & ({ readonly value: V } | { readonly error: string })

export interface ChildOptions {
  /** network namespace made by `ip netns add`; absent: ours */
  readonly namespace?: string
  /** per call */
  readonly deadlineMs: number
  readonly execArgv?: readonly string[]
}

/** Starts the module in a Node of its own. Disposing ends it: politely, then by SIGKILL after 5 s. */
export const startChild = <R extends { readonly ask: string }, V>(
  module: string,
  args: readonly string[],
  { namespace, deadlineMs, execArgv = [] }: ChildOptions,
): Child<R, V> => {
  const inside = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const [command = '', ...rest] = [...inside, process.execPath, ...execArgv, module, ...args]
  const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return {
    call: caller(child, namespace ?? module, deadlineMs),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const exit = once(child, 'exit')
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exit
      clearTimeout(timer)
    },
  }
}

/** In the child: answers every call, and ends the process when the parent is done with it or gone. */
export const answerCalls = <R, V>(answer: (request: R) => Promise<V>): void => {
  process.on('message', (request: R & { readonly id: number }) => {
    answer(request).then(
      (value) => process.send?.({ id: request.id, value } satisfies Reply<V>),
      (error: Error) => process.send?.({ id: request.id, error: error.stack ?? error.message } satisfies Reply<V>),
    )
  })
  process.on('disconnect', () => process.exit())
}

interface Waiting<V> {
  resolve(value: V): void
  reject(error: Error): void
}

const caller = <R extends { readonly ask: string }, V>(
  child: ChildProcess,
  name: string,
  deadlineMs: number,
): ((request: R) => Promise<V>) => {
  const waiting = new Map<number, Waiting<V>>()
  let next = 0
  let gone: Error | null = null
  const end = (why: string): void => {
    gone ??= new Error(`${name}: ${why}`)
    for (const { reject } of waiting.values()) reject(gone)
    waiting.clear()
  }
  child.on('error', (error) => end(error.message))
  child.on('exit', (code, signal) => end(`ended (${signal ?? `exit code ${code}`})`))
  child.on('message', (reply: Reply<V>) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) call?.reject(new Error(`${name}: ${reply.error}`))
    else call?.resolve(reply.value)
  })
  return async (request) => {
    if (gone) throw gone
    const id = next++
    const timer = setTimeout(() => {
      waiting.get(id)?.reject(new Error(`${name}: no answer to ${request.ask} within ${deadlineMs} ms`))
      waiting.delete(id)
    }, deadlineMs)
    try {
      return await new Promise<V>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ ...request, id }, (error) => error && reject(error))
      })
    } finally {
      clearTimeout(timer)
    }
  }
}
