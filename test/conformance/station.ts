import type { Answer, Carrier, Dial, Listening } from './answer.ts'
import type { Installation, Installed } from './install.ts'
import { openSctp } from './sctp.ts'
import { tcp } from './tcp.ts'
import { udp } from './udp.ts'

/** The process inside one network namespace: it serves and dials there; the node's also holds the plane. */
export type StationRequest =
  | { readonly id: number; readonly ask: 'serve'; readonly at: readonly Listening[] }
  | { readonly id: number; readonly ask: 'close' }
  | { readonly id: number; readonly ask: 'dial'; readonly dials: readonly Dial[] }
  | { readonly id: number; readonly ask: 'install'; readonly installation: Installation }
  | { readonly id: number; readonly ask: 'uninstall' }

export type StationReply =
  | { readonly id: number; readonly value: StationValue }
  | { readonly id: number; readonly error: string }

export type StationValue = null | readonly Answer[] | Losses

/** Packets that found no backend in their slot, from the plane's counters. */
export interface Losses {
  readonly fallbacks: number
  readonly missed: number
}

const main = (): void => {
  const sctp = openSctp()
  const carriers: { readonly [P in Dial['protocol']]: Carrier } = { TCP: tcp, UDP: udp, SCTP: sctp }
  let servers: AsyncDisposable[] = []
  let installed: Installed | null = null

  const answer = async (request: StationRequest): Promise<StationValue> => {
    switch (request.ask) {
      case 'serve':
        servers.push(...(await Promise.all(request.at.map((at) => carriers[at.protocol].serve(at)))))
        return null
      case 'close':
        await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
        servers = []
        return null
      case 'dial':
        return await Promise.all(request.dials.map((dial) => carriers[dial.protocol].dial(dial)))
      case 'install': {
        const { install } = await import('./install.ts')
        installed = await install(request.installation)
        return null
      }
      case 'uninstall': {
        const losses = (await installed?.losses()) ?? { fallbacks: 0, missed: 0 }
        await installed?.[Symbol.asyncDispose]()
        installed = null
        return losses
      }
    }
  }

  process.on('message', (request: StationRequest) => {
    answer(request).then(
      (value) => process.send?.({ id: request.id, value } satisfies StationReply),
      (error: Error) => process.send?.({ id: request.id, error: error.stack ?? error.message } satisfies StationReply),
    )
  })
  // The parent is gone or done: nothing of ours outlives it.
  process.on('disconnect', () => process.exit())
}

main()
