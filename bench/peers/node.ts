import { setTimeout as sleep } from 'node:timers/promises'
import { answerCalls } from '../../test/support/child-calls.ts'
import { listenBlocking } from '../../src/kernel/blocking-tcp.ts'
import { SERVICE_PORT, TARGET_PORT } from '../../src/lab/scale/objects.ts'
import { monotonicMs } from './monotonic.ts'
import type { NodeRequest, NodeValue, Sought } from './node-protocol.ts'
import { RulesetEvents } from './ruleset-events.ts'

/** A pod's address that no endpoint has: nobody masquerades it. */
const CLIENT = '10.255.0.1'
/** ms between two looks while nothing changes */
const LOOK_EVERY = 2

// every pod of the cluster is at home here: a local route leads all of their addresses to this listener
const server = listenBlocking('0.0.0.0', TARGET_PORT)
let events: RulesetEvents | null = null

const reach = (target: string): string | null => server.reach(CLIENT, target, SERVICE_PORT)

const reachAll = async (targets: readonly string[], timeoutMs: number): Promise<readonly (number | null)[]> => {
  const at = targets.map((): number | null => null)
  const deadline = monotonicMs() + timeoutMs
  let missing = 0
  while (missing < targets.length && monotonicMs() < deadline) {
    // in their order: as long as one is missing those after it are not tried
    while (missing < targets.length && reach(targets[missing] ?? '') !== null) at[missing++] = monotonicMs()
    if (missing < targets.length) await sleep(LOOK_EVERY)
  }
  return at
}

/** By connections: until one arrives at the endpoint. */
const arrive = async (changes: readonly Sought[], timeoutMs: number): Promise<readonly (number | null)[]> => {
  const at = changes.map((): number | null => null)
  const deadline = monotonicMs() + timeoutMs
  while (at.includes(null) && monotonicMs() < deadline) {
    changes.forEach(({ frontend, endpoint }, index) => {
      for (let tries = 0; at[index] === null && tries < 10; tries++)
        if (reach(frontend) === endpoint) at[index] = monotonicMs()
    })
    await sleep(LOOK_EVERY)
  }
  return at
}

const healthy = async (timeoutMs: number): Promise<number | null> => {
  const deadline = monotonicMs() + timeoutMs
  while (monotonicMs() < deadline) {
    const answer = await fetch('http://127.0.0.1:10256/healthz').catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.status === 200) return monotonicMs()
    await sleep(20)
  }
  return null
}

answerCalls<NodeRequest, NodeValue>(async (request) => {
  switch (request.ask) {
    case 'reach all':
      return { at: await reachAll(request.targets, request.timeoutMs) }
    case 'unreachable':
      return { failed: request.targets.filter((target) => reach(target) === null) }
    case 'healthy':
      return { at: [await healthy(request.timeoutMs)] }
    case 'listen':
      events ??= await RulesetEvents.open()
      events.forget()
      return null
    case 'in force':
      if (request.by === 'connect') return { at: await arrive(request.changes, request.timeoutMs) }
      return { at: (await events?.find(request.changes, request.timeoutMs)) ?? [] }
    case 'connect': {
      const times = request.targets.map((): number[] => [])
      for (let i = 0; i < request.count; i++) {
        for (let place = 0; place < request.targets.length; place++) {
          const index = (i + place) % request.targets.length
          const target = request.targets[index]
          if (target) times[index]?.push(server.connect(CLIENT, target.address, target.port) * 1_000)
        }
      }
      return times
    }
  }
})
