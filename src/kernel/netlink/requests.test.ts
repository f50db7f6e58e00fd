import { describe, expect, test } from 'vitest'
import {
  type Answers,
  answer,
  attribute,
  done,
  fakeTransport,
  message,
  sequenceOf,
} from '../../../test/support/netlink.ts'
import type { KernelError } from '../errors.ts'
import { Attributes } from './reader.ts'
import { NetlinkRequests, type Request } from './requests.ts'

const THING = 0x30
const EINTR = 4
const EPERM = 1
const ENOBUFS = 105
const DUMP_INTERRUPTED = 0x10

const things: Request<number> = {
  operation: 'test list things',
  object: 'here',
  write(writer, flags, sequence) {
    writer.begin(0x31, flags, sequence)
    writer.end()
  },
  decode({ type, bytes, start, end }, fault, into) {
    if (type !== THING) return
    const attributes = new Attributes(bytes, start, end, fault)
    while (attributes.next()) into.push(attributes.u32be())
  },
}

const thing = (request: Buffer, number: number, flags = 2): Buffer => {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(number)
  return message(THING, flags, sequenceOf(request), attribute(1, value))
}

/** Answers the first time, the second time, and so on; the last one for ever. */
function inTurn(...turns: readonly Answers[]): Answers {
  let turn = 0
  return (request) => (turns[Math.min(turn++, turns.length - 1)] as Answers)(request)
}

const dump = (answers: Answers, request = things): Promise<number[]> =>
  new NetlinkRequests(fakeTransport(answers)).dump(request)
const message_ = (error: KernelError): string => error.message

describe('a dump', () => {
  const whole: Answers = (request) => [thing(request, 1), Buffer.concat([thing(request, 2), done(sequenceOf(request))])]

  test('gathers what all datagrams say', async () => {
    expect(await dump(whole)).toEqual([1, 2])
  })

  test('passes over what is left of an earlier answer', async () => {
    const stale: Answers = (request) => [message(THING, 2, 999, Buffer.alloc(0)), ...whole(request)]
    expect(await dump(stale)).toEqual([1, 2])
  })

  test.each<[string, Answers]>([
    ['a flag', (request) => [thing(request, 7, 2 | DUMP_INTERRUPTED), done(sequenceOf(request))]],
    ['the last message', (request) => [thing(request, 7), done(sequenceOf(request), EINTR)]],
    ['an error', (request) => [thing(request, 7), answer(sequenceOf(request), EINTR)]],
    ['a full queue', (request) => [thing(request, 7), ENOBUFS, done(sequenceOf(request))]],
  ])('that was interrupted, as %s tells, is begun again', async (_, interrupted) => {
    expect(await dump(inTurn(interrupted, interrupted, whole))).toEqual([1, 2])
  })

  test('whose messages tell of two generations is begun again', async () => {
    const request = { ...things, generation: (m: { end: number; bytes: Buffer }) => m.bytes.readUInt8(m.end - 1) }
    expect(
      await dump(
        inTurn(whole, (r) => [thing(r, 5), thing(r, 5), done(sequenceOf(r))]),
        request,
      ),
    ).toEqual([5, 5])
  })

  test('that cannot be true is begun again', async () => {
    const request = { ...things, plausible: (found: readonly number[]) => new Set(found).size === found.length }
    expect(
      await dump(
        inTurn((r) => [thing(r, 5), thing(r, 5), done(sequenceOf(r))], whole),
        request,
      ),
    ).toEqual([1, 2])
  })

  test('that is interrupted for ever is given up, and says so', async () => {
    const answers: Answers = (request) => [thing(request, 7, 2 | DUMP_INTERRUPTED), done(sequenceOf(request))]
    await expect(dump(answers)).rejects.toThrow('test list things here: EINTR (changed during each of 20 dumps)')
  })

  test.each<[string, Answers, string]>([
    ['ends early', (request) => [thing(request, 1)], 'test list things here: failed (the answer ends early)'],
    ['fails', (request) => [answer(sequenceOf(request), EPERM)], 'test list things here: EPERM (needs CAP_NET_ADMIN)'],
    [
      'fails with words',
      (r) => [answer(sequenceOf(r), 22, 'wrong family')],
      'test list things here: EINVAL (wrong family)',
    ],
    ['fails midway', (r) => [thing(r, 1), done(sequenceOf(r), 12)], 'test list things here: ENOMEM (while dumping)'],
    ['is cut', (r) => [thing(r, 1).subarray(0, 20)], 'answer not understood: cut: message of 24 bytes at 0, 20 there'],
  ])('that %s is a KernelError', async (_, answers, says) => {
    expect(await dump(answers).then(String, message_)).toContain(says)
  })

  test('ends when it is aborted', async () => {
    const requests = new NetlinkRequests(fakeTransport(whole))
    await expect(requests.dump(things, AbortSignal.abort())).rejects.toThrow('aborted')
  })
})

test('questions wait for each other: every answer goes to its asker', async () => {
  const requests = new NetlinkRequests(fakeTransport((request) => [thing(request, sequenceOf(request), 0)]))
  const answers = await Promise.all([requests.ask(things), requests.ask(things), requests.ask(things)])
  expect(answers).toEqual([1, 2, 3])
})

test('commands are counted by what refused them', async () => {
  const requests = new NetlinkRequests(
    fakeTransport((request) => {
      const refused: Buffer[] = []
      for (let at = 0; at < request.length; at += request.readUInt32LE(at)) {
        const sequence = request.readUInt32LE(at + 8)
        if (sequence % 3 === 0) refused.push(answer(sequence, sequence % 2 === 0 ? 2 : 1))
      }
      return refused
    }),
  )
  const refused = await requests.commands('test delete', Array.from({ length: 12 }), (writer, _, flags, sequence) => {
    writer.begin(0x32, flags, sequence)
    writer.end()
  })
  expect(Object.fromEntries(refused)).toEqual({ ENOENT: 2, EPERM: 2 })
})
