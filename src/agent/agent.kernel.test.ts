import { describe, expect, test } from 'vitest'
import { nft } from '../../test/support/own-nftables.ts'
import { evenkeel, nodeFlags, rules, until, useRunningAgents } from '../../test/support/running-agents.ts'

const agents = useRunningAgents()

const inSync = (): boolean => evenkeel('status').code === 0

describe('the agent on a real kernel', () => {
  test('ends at SIGTERM and leaves its rules; the next one writes nothing', async () => {
    await agents.publish({ web: ['10.1.0.2', '10.1.0.3'], empty: [] })
    const first = agents.run()
    await until(inSync)
    const before = rules()
    expect(before).toContain('10.1.0.3 . 8080')
    expect(await agents.kill(first, 'SIGTERM')).toBe(0)
    expect(rules()).toBe(before)
    const generation = await agents.nftables.generation()
    const second = agents.run()
    await until(inSync)
    expect(await agents.nftables.generation()).toBe(generation)
    expect(evenkeel('run', '--source', agents.source).stderr).toContain('runs in this network namespace already')
    expect(await agents.kill(second, 'SIGKILL')).toBe(null)
    expect(rules()).toBe(before)
  })

  const interferences: Record<string, () => void> = {
    'an element deleted': () =>
      nft('delete', 'element', 'ip', tableOfServices(), 'services', '{ 10.96.0.1 . tcp . 80 }'),
    'every chain of a table flushed': () => nft('flush', 'table', 'ip', tableOfServices()),
    'a table deleted': () => nft('delete', 'table', 'ip', tableOfServices()),
    'everything deleted': () => nft('flush', 'ruleset'),
    'a rule added': () => {
      const [, chain = ''] = /chain (prerouting\S*) \{/.exec(nft('list', 'table', 'ip', tableOfServices())) ?? []
      nft('insert', 'rule', 'ip', tableOfServices(), chain, 'drop')
    },
  }

  test.each(Object.keys(interferences))('repairs what others did: %s', async (name) => {
    await agents.publish({ web: ['10.1.0.2', '10.1.0.3'] })
    agents.run()
    await until(inSync)
    const before = rules()
    interferences[name]?.()
    expect(rules()).not.toBe(before)
    await until(() => rules() === before)
    await until(inSync)
  })

  test('killed ten times in the middle of changes: the last one makes it right, and what stays reachable always was', async () => {
    await agents.publish({ web: ['10.1.0.2'], other: ['10.1.0.9'] })
    let child = agents.run()
    await until(inSync)
    for (let round = 0; round < 10; round++) {
      await agents.publish({
        web: ['10.1.0.2', `10.1.0.${3 + round}`],
        other: ['10.1.0.9'],
        ...(round % 2 ? { extra: ['10.1.0.7'] } : {}),
      })
      // files are read when they have been quiet for 30 ms
      await new Promise((resolve) => setTimeout(resolve, 25 + 3 * round))
      await agents.kill(child, 'SIGKILL')
      expect(rules()).toContain('10.1.0.9 . 8080')
      expect(rules()).toContain('10.1.0.2 . 8080')
      child = agents.run()
    }
    await until(inSync)
    await agents.publish({ web: ['10.1.0.4'] })
    await until(
      () => !rules().includes('10.1.0.9') && rules().includes('10.1.0.4 . 8080') && !rules().includes('10.1.0.2 '),
    )
    await until(inSync)
  })

  test('clean removes ours and nothing else, and not under a running agent', async () => {
    await agents.publish({ web: ['10.1.0.2'] })
    nft('add', 'table', 'ip', 'somebody')
    const child = agents.run()
    await until(inSync)
    expect(evenkeel('clean')).toMatchObject({ code: 2, stderr: expect.stringContaining('stop it first') })
    await agents.kill(child, 'SIGTERM')
    expect(evenkeel('status')).toMatchObject({ code: 2, stderr: expect.stringContaining('no agent runs') })
    const flags = ['--source', agents.source, ...nodeFlags]
    expect(evenkeel('status', ...flags)).toMatchObject({ code: 0 })
    const before = rules()
    expect(evenkeel('clean', '--dry-run').stdout).toContain('shop/web')
    expect(rules()).toBe(before)
    expect(evenkeel('clean').code).toBe(0)
    expect(nft('list', 'tables').trim()).toBe('table ip somebody')
    expect(evenkeel('status', ...flags)).toMatchObject({ code: 1 })
  })
})

/** The IPv4 table in which the first Service is dispatched. */
const tableOfServices = (): string => {
  for (const [, table = ''] of nft('list', 'tables').matchAll(/table ip (evenkeel\S*)/g)) {
    if (nft('list', 'table', 'ip', table).includes('10.96.0.1 . tcp . 80 : goto')) return table
  }
  throw new Error('no table dispatches the Service')
}
