import { fileURLToPath } from 'node:url'
import { startChild } from '../support/child-calls.ts'
import type { Answer, Dial, Listening } from './answer.ts'
import type { Installation } from './install.ts'
import type { StationRequest, StationValue } from './station.ts'
import type { Losses } from './install.ts'

/** A station's process, from outside. */
export interface Station extends AsyncDisposable {
  serve(at: readonly Listening[]): Promise<void>
  /** stops all servers */
  close(): Promise<void>
  /** all at once; answers in the same order */
  dial(dials: readonly Dial[]): Promise<readonly Answer[]>
  install(installation: Installation): Promise<void>
  uninstall(): Promise<Losses>
}

export const startStation = (namespace: string, deadlineMs: number): Station => {
  const script = fileURLToPath(new URL('station.ts', import.meta.url))
  const child = startChild<StationRequest, StationValue>(script, [], { namespace, deadlineMs })
  return {
    serve: async (at) => void (await child.call({ ask: 'serve', at })),
    close: async () => void (await child.call({ ask: 'close' })),
    dial: async (dials) => (await child.call({ ask: 'dial', dials })) as readonly Answer[],
    install: async (installation) => void (await child.call({ ask: 'install', installation })),
    uninstall: async () => (await child.call({ ask: 'uninstall' })) as Losses,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}
