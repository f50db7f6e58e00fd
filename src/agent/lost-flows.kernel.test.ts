import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { nft } from '../../test/support/own-nftables.ts'
import { evenkeel, until, useRunningAgents } from '../../test/support/running-agents.ts'

/**
 * The Service's address is somebody else's at first: a server of this namespace answers there. Then its packets of new connections get
 * lost, behind the point where a flow is tracked, as on a network that knows no such address.
 */
const agents = useRunningAgents()
const clusterIP = '10.96.0.2'
const [pod, client] = ['10.1.0.2', '10.1.0.7']

beforeAll(() => {
  for (const address of [clusterIP, pod, client]) execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'])
})

/** Answers every chunk with its name. */
const listen = async (name: string, host: string, port: number): Promise<Server> => {
  const server = createServer((socket) => socket.on('data', () => socket.write(name)).on('error', () => {}))
  await once(server.listen(port, host), 'listening')
  return server
}

const dial = (): Socket => connect({ host: clusterIP, port: 80, localAddress: client })

const ask = async (socket: Socket): Promise<string> => {
  socket.write('?')
  const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
  return answer.toString()
}

const loseSyns = (): void => {
  nft('add', 'table', 'ip', 'lossy')
  nft('add', 'chain', 'ip', 'lossy', 'arrivals', '{ type filter hook prerouting priority -300; }')
  nft('add', 'rule', 'ip', 'lossy', 'arrivals', `ip daddr ${clusterIP} tcp flags & (syn | ack) == syn drop`)
}

const unanswered = (): string =>
  execFileSync('conntrack', ['-L', '-p', 'tcp', '-d', clusterIP, '--state', 'SYN_SENT'], {
    encoding: 'utf8',
    stdio: 'pipe',
  })

test('who dialled before there were rules gets through; who was answered by another stays with it', async () => {
  await agents.publish({ other: ['10.1.0.9'] })
  const servers = [await listen('another', clusterIP, 80), await listen('pod', pod, 8080)]
  agents.run()
  await until(() => evenkeel('status').code === 0)
  const early = dial()
  expect(await ask(early)).toBe('another')
  loseSyns()
  const lost = dial()
  await until(() => unanswered().includes('[UNREPLIED]'))
  await agents.publish({ other: ['10.1.0.9'], web: [pod] })
  // its next SYN: after 1, 3 or 7 s
  await once(lost, 'connect', { signal: AbortSignal.timeout(12_000) })
  expect(await ask(lost)).toBe('pod')
  expect(await ask(early)).toBe('another')
  for (const socket of [early, lost]) socket.destroy()
  for (const server of servers) server.close()
})
