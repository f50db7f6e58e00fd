import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { familyOf, formatEndpoint } from '../../src/model/address.ts'
import { type Answer, answered, answerOf, type Carrier, isRefusedByRule, repeatedly } from './answer.ts'

const socketFor = (address: string): Socket => createSocket(familyOf(address) === 'IPv6' ? 'udp6' : 'udp4')

export const udp: Carrier = {
  async serve({ address, port }) {
    const socket = socketFor(address)
    socket.on('message', (_, { address: client, port: clientPort }) => {
      const introduction = { server: formatEndpoint(address, port), client: formatEndpoint(client, clientPort) }
      // an error here is the client's ICMP: it has gone, and its silence is judged on its side
      socket.send(JSON.stringify(introduction), clientPort, client, () => {})
    })
    socket.bind(port, address)
    await once(socket, 'listening')
    socket.on('error', () => {})
    return {
      async [Symbol.asyncDispose]() {
        socket.close()
        await once(socket, 'close')
      },
    }
  },

  async dial({ from, fromPort, to, port, patienceMs }) {
    const socket = socketFor(to)
    const started = performance.now()
    return await new Promise<Answer>((resolve) => {
      const done = new AbortController()
      const finish = (answer: Answer): void => {
        if (done.signal.aborted) return
        done.abort()
        clearTimeout(timer)
        socket.close()
        resolve(answer)
      }
      const timer = setTimeout(finish, patienceMs, { kind: 'silent' })
      const fail = (error: Error): void => finish(answerOf(error, performance.now() - started))
      const sent = (error: Error | null): void => {
        if (error && !isRefusedByRule(error)) fail(error)
      }
      socket.on('error', fail)
      socket.on('message', (bytes) => finish(answered(bytes.toString(), performance.now() - started)))
      socket.bind(fromPort, from, () => {
        socket.connect(port, to, (error?: Error | null) => {
          if (error) fail(error)
          else repeatedly(done.signal, () => socket.send('who?', sent))
        })
      })
    })
  },
}
