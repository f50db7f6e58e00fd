import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { attribute, message, OWN_PORT } from '../../../test/support/netlink.ts'
import { silent } from '../../util/log.ts'
import { KernelError } from '../errors.ts'
import type { EventTransport } from '../netlink/events.ts'
import { TableEvents } from './events.ts'
import { NFT_MSG_NEWCHAIN, NFT_MSG_NEWGEN, NFT_MSG_NEWSETELEM } from './wire.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const event = (type: number, table: string, portId = 1): Buffer =>
  message(
    (10 << 8) | type,
    0,
    0,
    Buffer.concat([Buffer.from([2, 0, 0, 1]), attribute(1, Buffer.from(`${table}\0`))]),
    portId,
  )

/** A group that hears what `tell` says. */
function watch() {
  const queue: (Buffer | KernelError)[] = []
  const joined: number[] = []
  let wake = (): void => {}
  const transport: EventTransport = {
    join: (group) => void joined.push(group),
    leave: (group) => void joined.splice(joined.indexOf(group), 1),
    receive() {
      const next = queue.shift()
      if (next instanceof KernelError) throw next
      return next ?? null
    },
    whenReadable(run) {
      wake = run
    },
    [Symbol.dispose]() {},
  }
  const events = new TableEvents(transport, silent, (portId) => portId === OWN_PORT)
  const heard: string[] = []
  events.listen('ours', ({ kind, what }) => heard.push(`${kind}: ${what}`))
  const tell = (...datagrams: (Buffer | KernelError)[]): void => {
    queue.push(...datagrams)
    wake()
  }
  return { events, heard, tell, joined }
}

const lost = new KernelError({ operation: 'test', errno: 'ENOBUFS' })

test('changes of others to our table are one report', () => {
  const { heard, tell } = watch()
  tell(event(NFT_MSG_NEWCHAIN, 'ours', 9), event(NFT_MSG_NEWSETELEM, 'ours', 9), event(NFT_MSG_NEWSETELEM, 'ours', 8))
  expect(heard).toEqual([])
  vi.advanceTimersByTime(100)
  expect(heard).toEqual(['changed: add chain in ip ours by port 9'])
})

test('our own changes, other tables and new generations are none', () => {
  const { heard, tell } = watch()
  tell(event(NFT_MSG_NEWCHAIN, 'ours', OWN_PORT), event(NFT_MSG_NEWCHAIN, 'theirs'), event(NFT_MSG_NEWGEN, 'ours'))
  vi.advanceTimersByTime(1000)
  expect(heard).toEqual([])
})

test('changes that never pause are reported all the same', () => {
  const { heard, tell } = watch()
  for (let ms = 0; ms < 700; ms += 10) {
    tell(event(NFT_MSG_NEWCHAIN, 'ours'))
    vi.advanceTimersByTime(10)
  }
  expect(heard.length).toBe(1)
})

test('what the kernel dropped, and what cannot be read, is told as lost', () => {
  const { heard, tell } = watch()
  tell(lost, event(NFT_MSG_NEWCHAIN, 'theirs'))
  vi.advanceTimersByTime(100)
  expect(heard).toEqual(['lost: events came faster than they were read'])
  tell(event(NFT_MSG_NEWCHAIN, 'ours').subarray(0, 19))
  vi.advanceTimersByTime(100)
  expect(heard[1]).toMatch(/^lost: event not understood: cut/)
})

test('after it is closed nothing is told', () => {
  const { events, heard, tell } = watch()
  tell(event(NFT_MSG_NEWCHAIN, 'ours'))
  events[Symbol.dispose]()
  vi.advanceTimersByTime(1000)
  expect(heard).toEqual([])
})
