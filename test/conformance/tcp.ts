import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { formatEndpoint } from '../../src/model/address.ts'
import { type Answer, answered, answerOf, type Carrier } from './answer.ts'

export const tcp: Carrier = {
  async serve({ address, port }) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      const { remoteAddress = '', remotePort = 0 } = socket
      const client = formatEndpoint(remoteAddress, remotePort)
      socket.end(JSON.stringify({ server: formatEndpoint(address, port), client }))
    })
    server.listen(port, address)
    await once(server, 'listening')
    return {
      async [Symbol.asyncDispose]() {
        server.close()
        await once(server, 'close')
      },
    }
  },

  dial({ from, fromPort, to, port, patienceMs }) {
    const started = performance.now()
    const socket = connect({ host: to, port, localAddress: from, localPort: fromPort })
    return new Promise<Answer>((resolve) => {
      const finish = (answer: Answer): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(answer)
      }
      const timer = setTimeout(finish, patienceMs, { kind: 'silent' })
      let text = ''
      socket.setEncoding('utf8')
      socket.on('data', (piece: string) => {
        text += piece
      })
      socket.on('error', (error) => finish(answerOf(error, performance.now() - started)))
      socket.on('end', () => finish(answered(text, performance.now() - started)))
    })
  },
}
