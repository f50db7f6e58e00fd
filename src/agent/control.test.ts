import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { AgentRuns, askAgent, askBrakeRelease, askWhy, type ControlAnswers, openControl } from './control.ts'
import type { AgentStatus } from './status/status.ts'

const status: AgentStatus = {
  node: 'node-a',
  agent: true,
  inSync: true,
  source: { name: 'manifests:/x', synced: true, modified: 1, stale: false },
  planes: [],
  problems: [],
}
const request = { request: 'status', verify: true, counters: false } as const

const answers = (answer: () => Promise<AgentStatus>): ControlAnswers => ({
  status: answer,
  why: () => Promise.reject(new Error('not asked')),
  releaseBrake: async ({ suspendMs }) => ({ released: 3, suspendedUntil: suspendMs }),
})

const speak = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ path: '\0evenkeel-agent' }, () => socket.end(text))
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })

test('one agent a network namespace: asked, it answers; gone, nobody does', async () => {
  const asked: unknown[] = []
  {
    await using _control = await openControl({
      ...answers(async () => status),
      status: async (question) => {
        asked.push(question)
        return status
      },
    })
    expect(await askAgent(request)).toEqual(status)
    expect(asked).toEqual([request])
    await expect(openControl(answers(async () => status))).rejects.toThrow(AgentRuns)
  }
  expect(await askAgent(request)).toBeNull()
})

test('nonsense is refused in words, and a failure is told', async () => {
  await using _control = await openControl(answers(() => Promise.reject(new Error('cannot tell'))))
  expect(await speak('{')).toContain('error')
  expect(await speak('{"request":"stop"}')).toContain('only')
  expect(await speak('x'.repeat(100_000))).toContain('too long')
  await expect(askAgent(request)).rejects.toThrow('cannot tell')
})

test('other questions have their own answers', async () => {
  await using _control = await openControl(answers(async () => status))
  expect(await askBrakeRelease({ request: 'brake-release', suspendMs: 5 })).toEqual({ released: 3, suspendedUntil: 5 })
  expect(await speak('{"request":"brake-release","suspendMs":-1}')).toContain('"suspendedUntil":0')
  await expect(askWhy({ request: 'why', kind: 'pod', namespace: 'shop', name: 'web' })).rejects.toThrow('not asked')
})
