import { describe, expect, test } from 'vitest'
import { type Answers, answer, fakeTransport, sequenceOf, split } from '../../../test/support/netlink.ts'
import { sample } from '../../../test/support/sample-ruleset.ts'
import { plainSet } from './plain-set.ts'
import { Transactions } from './transactions.ts'
import type { NftElement, NftOperation } from './types.ts'

const set = plainSet('s', ['ipv4_addr'])
const element = (number: number): NftElement => ({
  key: String.fromCharCode(10, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff),
})
const table = { family: 'ip', table: 't' } as const
const add = (count: number): NftOperation => ({
  op: 'add-elements',
  ...table,
  set,
  elements: Array.from({ length: count }, (_, number) => element(number)),
})

const NLM_F_ACK = 4
const flagsOf = (message: Buffer): number => message.readUInt16LE(6)
/** Acknowledges what asks for it. */
const obliging: Answers = (request) =>
  split(request)
    .filter((message) => flagsOf(message) & NLM_F_ACK)
    .map((message) => answer(sequenceOf(message), 0))

test('a batch is one datagram between BEGIN and END, with growing sequences, and only its last operation asks for an answer', async () => {
  const transport = fakeTransport(obliging)
  const transactions = new Transactions(transport)
  await transactions.run(sample('ip').operations)
  await transactions.run([add(1)])
  expect(transport.sent.length).toBe(2)
  const [first = [], second = []] = transport.sent.map((datagram) => split(datagram))
  expect([first[0], first.at(-1)].map((message) => message?.readUInt16LE(4))).toEqual([0x10, 0x11])
  const sequences = [...first, ...second].map(sequenceOf)
  expect(sequences).toEqual(sequences.map((_, index) => index + 1))
  expect(first.filter((message) => flagsOf(message) & NLM_F_ACK)).toEqual([first.at(-2)])
})

test('elements of any number go in messages of at most 64 KiB', async () => {
  const transport = fakeTransport(obliging)
  await new Transactions(transport).run([add(20_000)])
  const messages = split(transport.sent[0] as Buffer).slice(1, -1)
  expect(messages.length).toBeGreaterThan(1)
  expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(0x10000 + 64)
})

test('nothing to do is no system call', async () => {
  const transport = fakeTransport(obliging)
  const transactions = new Transactions(transport)
  expect(await transactions.run([])).toEqual({ deleted: [], sendMs: 0, encodeMs: 0 })
  await transactions.run([add(0)])
  expect(transport.sent).toEqual([])
})

describe('a refusal', () => {
  /** Refuses message `index` of the batch (0: BEGIN) with an errno, pointing `offset` bytes into it. */
  const refusing =
    (index: number, errno: number, text = '', offset = 0): Answers =>
    (request) => {
      const messages = split(request)
      return [answer(sequenceOf(messages[index] as Buffer), errno, text, offset), ...obliging(request)]
    }
  /** header 16, nfgenmsg 4, table and set 8 each, the list's header 4; elements of 20 bytes */
  const offsetOfElement = (index: number): number => 16 + 4 + 8 + 8 + 4 + index * 20

  test.each<[string, readonly NftOperation[], Answers, string]>([
    [
      'of an element',
      [add(5)],
      refusing(1, 17, '', offsetOfElement(3)),
      'nftables add element ip t s 10.0.0.3: EEXIST',
    ],
    ["with the kernel's words", [add(1)], refusing(1, 22, 'No way'), 'nftables add element ip t s: EINVAL (No way)'],
    ['of all together', [add(1)], refusing(0, 12), 'nftables commit: ENOMEM (every operation was accepted, but not'],
    ['for want of permission', [add(1)], refusing(0, 1), 'nftables commit: EPERM (needs CAP_NET_ADMIN)'],
    ['pointing at nonsense', [add(2)], refusing(1, 2, '', 60_000), 'nftables add element ip t s 10.0.0.1: ENOENT'],
  ])('%s is put into words', async (_, operations, answers, says) => {
    await expect(new Transactions(fakeTransport(answers)).run(operations)).rejects.toThrow(says)
  })

  test('of an interval names the interval, whichever end it is about', async () => {
    const ranges = { ...set, interval: true }
    const elements = [0, 10, 20].map((number) => ({ key: element(number).key, keyEnd: element(number + 5).key }))
    // Two items each: 20 bytes, and 28 with flags.
    const answers = refusing(1, 17, '', 16 + 4 + 8 + 8 + 4 + 48 + 20)
    const transactions = new Transactions(fakeTransport(answers))
    await expect(transactions.run([{ op: 'add-elements', ...table, set: ranges, elements }])).rejects.toThrow(
      'nftables add element ip t s 10.0.0.10-10.0.0.15: EEXIST',
    )
  })
})

test('silence is not success', async () => {
  const transactions = new Transactions(fakeTransport(() => []))
  await expect(transactions.run([add(1)])).rejects.toThrow('not acknowledged; whether it is in force is not known')
})

test('a late answer to an earlier batch is not taken for this one', async () => {
  const late: Answers = (request) => [answer(1, 2), answer(40_000, 2), ...obliging(request)]
  const transactions = new Transactions(fakeTransport(late))
  await transactions.run([add(1)]).catch(() => {})
  await expect(transactions.run([add(1)])).resolves.toMatchObject({ deleted: [] })
})

test('an aborted transaction is not sent', async () => {
  const transport = fakeTransport(obliging)
  await expect(new Transactions(transport).run([add(1)], { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  expect(transport.sent).toEqual([])
})

test('what waits for something that fails is not sent', async () => {
  const transport = fakeTransport(obliging)
  const transactions = new Transactions(transport)
  const after = Promise.reject(new Error('the one before'))
  for (const elements of [1, 40_000])
    await expect(transactions.run([add(elements)], { after })).rejects.toThrow('the one before')
  expect(transport.sent).toEqual([])
})
