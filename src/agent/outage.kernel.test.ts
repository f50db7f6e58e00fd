import { expect, test } from 'vitest'
import { nft } from '../../test/support/own-nftables.ts'
import { evenkeel, rules, until, useRunningAgents } from '../../test/support/running-agents.ts'

const agents = useRunningAgents()

/** Comments of tables are not read back. */
const withoutTableComments = (): string =>
  rules()
    .split('\n')
    .filter((line) => !line.startsWith('\tcomment '))
    .join('\n')

const status = (): { code: number | null; answer: Record<string, unknown> } => {
  const { code, stdout } = evenkeel('status', '-o', 'json')
  return { code, answer: stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>) }
}

test('killed and restarted while the API server is away: the kernel stays as it was, and others cannot change it', async () => {
  await agents.publish({ web: ['10.1.0.2', '10.1.0.3'], dns: ['10.1.0.2', '10.1.0.3'] })
  const first = agents.run()
  await until(() => status().code === 0)
  const before = withoutTableComments()
  expect(before).toContain('10.1.0.3 . 8080')
  await agents.kill(first)
  // nobody listens there
  const second = agents.run('--source', 'kubernetes', '--master', 'http://127.0.0.1:1')
  await until(() => JSON.stringify(status().answer).includes('"kept":4'))
  expect(status()).toMatchObject({ code: 1, answer: { inSync: false, source: { synced: false } } })
  expect(withoutTableComments()).toBe(before)
  nft('flush', 'ruleset')
  expect(withoutTableComments()).not.toBe(before)
  await until(() => withoutTableComments() === before)
  await agents.kill(second)
  expect(withoutTableComments()).toBe(before)
  agents.run()
  await until(() => status().code === 0)
  expect(withoutTableComments()).toBe(before)
})
