import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { scriptPath } from '../program.ts'
import { removeAbandoned } from '../state.ts'
import type { Part, PartOptions } from './part.ts'
import type { PartConfig, PartMessage } from './part-protocol.ts'

type PartEnd = Extract<PartMessage, { kind: 'done' | 'failed' }>

export interface IsolatedOptions {
  /** ms that it may take to clear up, once it is asked to stop; then it is killed, and its labs are removed from here. Default 20,000 */
  readonly patienceMs?: number
  /** default part-process */
  readonly script?: string
  /** removes the labs of one that could not do it itself, and names them; default: every abandoned lab of this machine */
  readonly clearUp?: () => Promise<readonly string[]>
}

/**
 * The same scenario in a process of its own. A simulation takes the CPU for seconds in which nothing else is heard: here the signal counts all
 * the same. What a scenario takes of memory is given back, and where it crashes the others are run.
 */
export const isolated = ({ name, summary }: Part, options: IsolatedOptions = {}): Part => ({
  name,
  summary,
  async run(own) {
    own.signal.throwIfAborted()
    const end = await inProcess(name, own, options)
    if (end.kind === 'failed') throw new Error(end.reason)
    return end.result
  },
})

const inProcess = async (
  name: string,
  { signal, progress, note, id, planes, seed, level, repeat }: PartOptions,
  { patienceMs = 20_000, script = scriptPath('all/part-process'), clearUp = removeAbandoned }: IsolatedOptions,
): Promise<PartEnd> => {
  const config: PartConfig = { name, id, planes, seed, level, repeat }
  const child = fork(script, [JSON.stringify(config)], {
    serialization: 'advanced',
    // what it prints must not get into our own output
    stdio: ['ignore', process.stderr.fd, process.stderr.fd, 'ipc'],
    // of its own session: Ctrl-C reaches us alone, and we ask it
    detached: true,
  })
  const ends: PartEnd[] = []
  child.on('message', (message: PartMessage) => {
    if ('text' in message) (message.kind === 'progress' ? progress : note)(message.text)
    else ends.push(message)
  })
  const killed = stopOn(signal, child, patienceMs)
  const [code, how] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  killed.forget()
  const [end] = ends
  if (end === undefined) for (const lab of await clearUp()) note(`removed lab ${lab}, which was left behind`)
  return end ?? { kind: 'failed', reason: `its process ended (${how ?? `exit code ${code}`})` }
}

const stopOn = (signal: AbortSignal, child: ChildProcess, patienceMs: number): { forget(): void } => {
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    child.kill('SIGTERM')
    timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  }
  signal.addEventListener('abort', stop)
  return {
    forget() {
      signal.removeEventListener('abort', stop)
      clearTimeout(timer)
    },
  }
}
