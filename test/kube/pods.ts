import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { answerCalls } from '../support/child-calls.ts'
import { dial, ECHO } from './dial.ts'

/** What runs in the pods' namespace, a process of its own: the pods' servers, which answer with the pod's name, and pods as clients. */
export type PodsRequest =
  | { readonly ask: 'start'; readonly pod: ServedPod }
  | { readonly ask: 'stop'; readonly name: string }
  | { readonly ask: 'dial'; readonly from: string; readonly to: string; readonly port: number }

export interface ServedPod {
  readonly name: string
  readonly addresses: readonly string[]
  readonly ports: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[]
}

const listen = async (name: string, host: string, port: number): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (port === ECHO) socket.pipe(socket)
    else socket.end(name)
  }).listen({ host, port })
  await once(server, 'listening')
  return server
}

const bind = async (name: string, address: string, port: number): Promise<Socket> => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (_, client) => socket.send(name, client.port, client.address))
  socket.bind(port, address)
  await once(socket, 'listening')
  return socket
}

const servePods = (): ((request: PodsRequest) => Promise<string>) => {
  const running = new Map<string, readonly (Server | Socket)[]>()
  const stop = (name: string): void => {
    for (const server of running.get(name) ?? []) server.close()
    running.delete(name)
  }
  return async (request) => {
    switch (request.ask) {
      case 'start': {
        const { name, addresses, ports } = request.pod
        stop(name)
        const all = addresses.flatMap((address) => ports.map((port) => ({ address, ...port })))
        const servers = all.map(({ protocol, address, port }) =>
          protocol === 'TCP' ? listen(name, address, port) : bind(name, address, port),
        )
        running.set(name, await Promise.all(servers))
        return name
      }
      case 'stop':
        stop(request.name)
        return request.name
      case 'dial':
        return dial(request.to, request.port, request.from)
    }
  }
}

answerCalls(servePods())
