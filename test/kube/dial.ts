import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

/** ms until a dial is given up */
const DIAL_WITHIN = 2_000

/** TCP port of pods that sends back what it gets, for connections that stay (RFC 862). */
export const ECHO = 7

/** Who answered, or the code of the error: ECONNREFUSED, ETIMEDOUT, … `from`: our address, default any. */
export const dial = (to: string, port: number, from?: string): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ host: to, port, ...(from !== undefined && { localAddress: from }) })
  let answer = ''
  socket.setEncoding('utf8').setTimeout(DIAL_WITHIN, () => {
    resolve('ETIMEDOUT')
    socket.destroy()
  })
  socket.on('data', (part: string) => (answer += part)).on('end', () => resolve(answer))
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  return promise
}

/** As `dial`, by one datagram. */
export const ask = (to: string, port: number): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4')
  const timer = setTimeout(() => resolve('ETIMEDOUT'), DIAL_WITHIN)
  socket.on('message', (answer) => resolve(answer.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  // connected, so that a refusal is told to us
  socket.connect(port, to, () => socket.send('who?'))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}
