import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { silent } from '../../util/log.ts'
import type { ApiClient } from './client.ts'
import { Handover } from './handover.ts'

/** A handover of 30 s, what was asked, and what was removed when (ms). */
const start = (answer: () => Promise<unknown>) => {
  const clock = new ManualClock()
  const asked: string[] = []
  const removed: string[] = []
  const json = (request: { readonly path: string }): Promise<unknown> => {
    asked.push(request.path)
    return answer()
  }
  const client = { server: 'https://x', where: 'x', request: json, json, [Symbol.dispose]() {} } as unknown as ApiClient
  const remove = (id: string): void => void removed.push(`${clock.now()} ${id}`)
  return { clock, asked, removed, handover: new Handover({ client, clock, log: silent, keepMs: 30_000, remove }) }
}

const web = 'Service shop/web'

describe('a Service that the watch has lost', () => {
  it('goes at once when it was deleted', async () => {
    const { clock, asked, removed, handover } = start(async () => ({ items: [] }))
    handover.leave(web)
    await clock.advance(60_000)
    expect(asked).toEqual(['/api/v1/namespaces/shop/services?fieldSelector=metadata.name%3Dweb&limit=1'])
    expect(removed).toEqual([`0 ${web}`])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['when another proxy has it now', async () => ({ items: [{}] })],
    ['when nobody can tell', () => Promise.reject(new Error('connection refused'))],
    ['when the answer is no list', async () => null],
    ['when no answer comes', () => new Promise(() => {})],
  ])('stays for the handover %s', async (_, answer) => {
    const { clock, removed, handover } = start(answer)
    handover.leave(web)
    await clock.advance(20_000)
    handover.leave(web)
    await clock.advance(60_000)
    expect(removed).toEqual([`30000 ${web}`])
  })

  it('stays for good when it comes back, and an answer that comes late changes nothing', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const { clock, removed, handover } = start(() => promise)
    handover.leave(web)
    handover.stay(web)
    resolve({ items: [] })
    await clock.advance(60_000)
    expect(removed).toEqual([])
  })

  it('is left as it is when the source ends', async () => {
    const { clock, removed, handover } = start(async () => ({ items: [{}] }))
    handover.leave(web)
    handover[Symbol.dispose]()
    await clock.advance(60_000)
    expect(removed).toEqual([])
  })
})
