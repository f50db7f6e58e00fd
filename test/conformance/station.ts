import { answerCalls } from '../support/child-calls.ts'
import type { Answer, Carrier, Dial, Listening } from './answer.ts'
import type { Installation, Installed, Losses } from './install.ts'
import { openSctp } from './sctp.ts'
import { tcp } from './tcp.ts'
import { udp } from './udp.ts'

/** The process inside one network namespace: it serves and dials there; the node's also holds the plane. */
export type StationRequest =
  | { readonly ask: 'serve'; readonly at: readonly Listening[] }
  | { readonly ask: 'close' }
  | { readonly ask: 'dial'; readonly dials: readonly Dial[] }
  | { readonly ask: 'install'; readonly installation: Installation }
  | { readonly ask: 'uninstall' }

export type StationValue = null | readonly Answer[] | Losses

const openStation = (): ((request: StationRequest) => Promise<StationValue>) => {
  const carriers: { readonly [P in Dial['protocol']]: Carrier } = { TCP: tcp, UDP: udp, SCTP: openSctp() }
  let servers: AsyncDisposable[] = []
  let installed: Installed | null = null
  return async (request) => {
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
        // only the node's station pays for the plane
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
}

answerCalls(openStation())
