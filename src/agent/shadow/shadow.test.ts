import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { caseInput } from '../../dataplane/conformance/case.ts'
import { conformanceCases } from '../../dataplane/conformance/conformance.ts'
import { loadPlane } from '../../dataplane/registry.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import { Planner } from '../../routing/planner.ts'
import { silent } from '../../util/log.ts'
import type { Subject } from '../../inspect/compare-packets.ts'
import { Shadow } from './shadow.ts'

const plane = await loadPlane('nftables')
const row = conformanceCases.find(({ name, needs }) => needs.length === 0 && planned(name).frontends.size > 2)
const { node, frontends: planFrontends } = planned(row?.name ?? '')

function planned(name: string): Planner {
  const found = conformanceCases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no row ${name}`)
  const input = caseInput(found)
  const planner = new Planner(input.node)
  planner.sync(input.snapshot)
  return planner
}

/** Rules that are the nftables plane's for `inForce`; a test changes that and the revision. */
const world = () => {
  const clock = new ManualClock()
  const plan = new Map<FrontendKey, Frontend>(planFrontends)
  const inForce = new Map<FrontendKey, Frontend>(plan)
  let revision = 0
  let readings = 0
  let failure: Error | null = null
  const shadow = new Shadow({
    rules: {
      revision: async () => String(revision),
      read: async () => {
        if (failure !== null) throw failure
        readings++
        const programs = [...inForce.values()].map((frontend) => plane.compile(frontend, node))
        const subjects: Subject[] = [...inForce.values()]
        return { trace: plane.trace([plane.base(node), ...programs], node), frontends: () => subjects, problems: [] }
      },
      [Symbol.asyncDispose]: async () => {},
    },
    frontends: () => plan,
    node,
    clock,
    log: silent,
    settle: 10_000,
    pass: 60_000,
  })
  const before = (key: FrontendKey): ReadonlyMap<FrontendKey, Frontend> => {
    const old = plan.get(key)
    return new Map(old === undefined ? [] : [[key, old]])
  }
  return {
    clock,
    plan,
    shadow,
    readings: () => readings,
    fail: (error: Error | null) => void (failure = error),
    /** the other proxy does something */
    rules(change: (inForce: Map<FrontendKey, Frontend>) => void) {
      change(inForce)
      revision++
    },
    /** an object changes */
    replan(key: FrontendKey, frontend: Frontend | null) {
      const change = {
        frontends: new Map([[key, frontend]]),
        before: before(key),
        healthChecks: new Map(),
        staleFlows: [],
      }
      if (frontend === null) plan.delete(key)
      else plan.set(key, frontend)
      shadow.hand(change)
    },
    [Symbol.asyncDispose]: () => shadow[Symbol.asyncDispose](),
  }
}

const [first = ''] = [...planFrontends].flatMap(([key, { sets }]) =>
  (sets.cluster?.backends.length ?? 0) > 1 ? [key] : [],
)
const served = planFrontends.get(first) as Frontend
const fewer: Frontend = {
  ...served,
  sets: { ...served.sets, cluster: { backends: served.sets.cluster?.backends.slice(1) ?? [] } },
}

describe('shadow', () => {
  test('rules that do what the plan says: nothing, and they are read once', async () => {
    await using at = world()
    await at.clock.advance(120_000)
    expect(at.shadow.status()).toMatchObject({ differences: [], settling: 0, unsure: [], compared: at.plan.size })
    expect(at.readings()).toBe(1)
  })

  test('a change that the other proxy makes in time is never told', async () => {
    await using at = world()
    await at.clock.advance(5_000)
    for (let i = 0; i < 10; i++) {
      const frontend = i % 2 === 0 ? fewer : served
      at.replan(first, frontend)
      await at.clock.advance(5_000)
      expect(at.shadow.status()).toMatchObject({ differences: [], settling: 1 })
      at.rules((inForce) => inForce.set(first, frontend))
      await at.clock.advance(3_000)
      expect(at.shadow.status()).toMatchObject({ differences: [], settling: 0 })
    }
  })

  test('a rule that goes by itself is told once it has stayed away, exactly that one; and it is over when it comes back', async () => {
    await using at = world()
    await at.clock.advance(5_000)
    at.rules((inForce) => inForce.delete(first))
    await at.clock.advance(8_000)
    expect(at.shadow.status()).toMatchObject({ differences: [], settling: 1 })
    await at.clock.advance(6_000)
    expect(at.shadow.status().differences).toMatchObject([
      { frontend: first, service: served.service, kind: 'verdict' },
    ])
    at.rules((inForce) => inForce.set(first, served))
    await at.clock.advance(2_000)
    expect(at.shadow.status()).toMatchObject({ differences: [], settling: 0 })
  })

  test('a difference that becomes another begins to settle anew; one that never rests is told in the end', async () => {
    await using at = world()
    await at.clock.advance(5_000)
    for (let i = 0; i < 9; i++) {
      at.rules((inForce) => (i % 2 === 0 ? inForce.delete(first) : inForce.set(first, fewer)))
      await at.clock.advance(6_000)
      expect(at.shadow.status()).toMatchObject({ differences: [], settling: 1 })
    }
    for (let i = 0; i < 2; i++) {
      at.rules((inForce) => (i % 2 === 0 ? inForce.set(first, fewer) : inForce.delete(first)))
      await at.clock.advance(6_000)
    }
    expect(at.shadow.status().differences).toMatchObject([{ frontend: first }])
  })

  test('what is planned no more must go from the rules', async () => {
    await using at = world()
    await at.clock.advance(5_000)
    at.replan(first, null)
    await at.clock.advance(15_000)
    expect(at.shadow.status().differences).toMatchObject([{ frontend: first, service: '', kind: 'stale' }])
    at.rules((inForce) => inForce.delete(first))
    await at.clock.advance(3_000)
    expect(at.shadow.status()).toMatchObject({ differences: [], settling: 0, compared: at.plan.size })
  })

  test('what the rules have and nobody planned is found by the pass', async () => {
    await using at = world()
    await at.clock.advance(5_000)
    const stray: Frontend = { ...served, key: '10.96.77.7:80/TCP', address: '10.96.77.7', port: 80 }
    at.rules((inForce) => inForce.set(stray.key, stray))
    await at.clock.advance(15_000)
    expect(at.shadow.status().differences).toMatchObject([{ frontend: stray.key, kind: 'stale' }])
    at.rules((inForce) => inForce.delete(stray.key))
    await at.clock.advance(3_000)
    expect(at.shadow.status().differences).toEqual([])
  })

  test('rules that cannot be read are said so, and what was known stays', async () => {
    await using at = world()
    at.fail(new Error('nftables list: EPERM (needs CAP_NET_ADMIN)'))
    await at.clock.advance(5_000)
    expect(at.shadow.status()).toMatchObject({
      compared: 0,
      rules: { read: 0, unreadable: expect.stringMatching(/EPERM/) },
    })
    at.fail(null)
    await at.clock.advance(5_000)
    expect(at.shadow.status()).toMatchObject({ compared: at.plan.size, rules: { unreadable: '' } })
    at.rules((inForce) => inForce.delete(first))
    at.fail(new Error('ENOBUFS'))
    await at.clock.advance(30_000)
    expect(at.shadow.status()).toMatchObject({ differences: [], rules: { unreadable: 'ENOBUFS' } })
    at.fail(null)
    await at.clock.advance(15_000)
    expect(at.shadow.status().differences).toHaveLength(1)
  })

  test('a plan that comes before the rules were read is not forgotten', async () => {
    await using at = world()
    at.replan(first, fewer)
    await at.clock.advance(15_000)
    expect(at.shadow.status().differences).toMatchObject([{ frontend: first, kind: 'backends' }])
  })
})
