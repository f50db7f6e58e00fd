import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answers, answer, done, fakeTransport, message, sequenceOf, split } from '../../../test/support/netlink.ts'
import { sample, TABLE } from '../../../test/support/sample-ruleset.ts'
import { silent } from '../../util/log.ts'
import { ConntrackConnection } from '../conntrack/connection.ts'
import { KernelError } from '../errors.ts'
import { watchAddresses } from '../addresses.ts'
import { MessageWriter } from '../netlink/writer.ts'
import { encodeBatch } from './batch.ts'
import { NftablesConnection } from './connection.ts'
import type { Nftables } from './types.ts'
import { NFT_MSG_NEWSETELEM, NFT_MSG_NEWTABLE } from './wire.ts'

const NETFILTER_TABLES = 10 << 8

/** A dump tells objects with the messages that make them, so our own batch is what a kernel would say. */
const objects = split(encodeBatch(sample('ip').operations, new MessageWriter(), 1).bytes)

function honestDump(request: Buffer): Buffer[] {
  const sequence = sequenceOf(request)
  const type = request.readUInt16LE(4) & 0xff
  // GETCHAIN asks with 4 for what NEWCHAIN 3 answers, and so on.
  const wanted = objects.filter((object) => object.readUInt16LE(4) === (NETFILTER_TABLES | (type - 1)))
  return [...wanted.map((object) => withSequence(object, sequence)), done(sequence)]
}

function withSequence(original: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(original)
  copy.writeUInt32LE(sequence, 8)
  copy.writeUInt16LE(2, 6)
  return Buffer.concat([copy, Buffer.alloc(-copy.length & 3)])
}

const connect = (answers: Answers): Nftables =>
  new NftablesConnection(
    {
      transactions: fakeTransport(answers),
      requests: fakeTransport(answers),
      openEvents: () => {
        throw new Error('no events here')
      },
    },
    silent,
  )

const { sets, rules, operations } = sample('ip')

describe('an honest kernel', () => {
  test('is understood in full', async () => {
    const nftables = connect(honestDump)
    expect(await nftables.sets('ip', TABLE)).toEqual(sets.map(({ set }) => set))
    expect(await nftables.chains('ip', TABLE)).toHaveLength(8)
    expect(await nftables.rules('ip', TABLE)).toHaveLength(rules.length)
    expect(await nftables.counters('ip', TABLE)).toHaveLength(1)
    expect(await nftables.chains('ip', 'other')).toEqual([])
  })
})

/** One thing that can happen to bytes on the way. */
type Damage =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'drop' | 'double'; readonly datagram: number }
  | { readonly kind: 'lose'; readonly datagram: number }

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(4000), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(4000) }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'double' as const), datagram: fc.nat(20) }),
  fc.record({ kind: fc.constant('lose' as const), datagram: fc.nat(20) }),
)

const ENOBUFS = 105

function damaged(datagrams: readonly Buffer[], damages: readonly Damage[]): (Buffer | number)[] {
  const list: (Buffer | number)[] = datagrams.map((datagram) => Buffer.from(datagram))
  for (const one of damages) {
    const index = ('datagram' in one ? one.datagram : one.at) % Math.max(1, list.length)
    const datagram = list[index]
    if (datagram === undefined || typeof datagram === 'number') continue
    switch (one.kind) {
      case 'flip': {
        const at = one.at % Math.max(1, datagram.length)
        if (datagram.length > 0) datagram[at] = (datagram[at] as number) ^ (1 << one.bit)
        break
      }
      case 'cut':
        list[index] = datagram.subarray(0, one.at % Math.max(1, datagram.length))
        break
      case 'drop':
        list.splice(index, 1)
        break
      case 'double':
        list.splice(index, 0, datagram)
        break
      case 'lose':
        list.splice(index, 0, ENOBUFS)
    }
  }
  return list
}

/** An answer, or a KernelError: nothing else, and soon. */
async function orKernelError(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    expect(error).toBeInstanceOf(KernelError)
    expect((error as KernelError).message).toMatch(/^(nftables|conntrack|rtnetlink) .+: .+/)
  }
}

test('damaged dumps end in an answer or a KernelError', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(damage, { minLength: 1, maxLength: 6 }),
      fc.nat(sets.length - 1),
      async (damages, index) => {
        let bad = 0
        // Two bad answers, then a good one: what is asked again must come right.
        const nftables = connect((request) =>
          bad++ % 3 < 2 ? damaged(honestDump(request), damages) : honestDump(request),
        )
        const set = sets[index]?.set
        await orKernelError(nftables.sets('ip', TABLE))
        await orKernelError(nftables.chains('ip', TABLE))
        await orKernelError(nftables.rules('ip', TABLE))
        await orKernelError(nftables.counters('ip', TABLE))
        await orKernelError(nftables.generation())
        await orKernelError(nftables.tableExists('ip', TABLE))
        if (set) await orKernelError(nftables.elements('ip', TABLE, set))
      },
    ),
    { numRuns: 250 },
  )
})

test('damaged answers to a transaction end in success or a KernelError', async () => {
  const echo =
    objects.find((object) => object.readUInt16LE(4) === (NETFILTER_TABLES | NFT_MSG_NEWSETELEM)) ?? Buffer.alloc(0)
  const answers = (request: Buffer): Buffer[] => {
    const sequences = split(request).map(sequenceOf)
    const last = sequences.at(-2) ?? 0
    return [withSequence(echo, 0), answer(sequences[3] ?? 0, 2, 'No such file', 24), answer(last, 0)]
  }
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { maxLength: 4 }), async (damages) => {
      const nftables = connect((request) => damaged(answers(request), damages))
      await orKernelError(nftables.transaction(operations))
    }),
    { numRuns: 200 },
  )
})

test('bytes that are no netlink at all, to every kind of reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, framed) => {
      const types = [NETFILTER_TABLES | NFT_MSG_NEWTABLE, NETFILTER_TABLES | NFT_MSG_NEWSETELEM, 1 << 8, 20, 2, 3]
      const answers: Answers = (request) =>
        framed
          ? types.map((type) => message(type, 2, sequenceOf(request), Buffer.from(bytes)))
          : [Buffer.from(bytes), done(sequenceOf(request))]
      const nftables = connect(answers)
      await orKernelError(nftables.rules('ip', TABLE))
      await orKernelError(nftables.elements('ip', TABLE, sets[0]?.set as (typeof sets)[number]['set']))
      await orKernelError(nftables.generation())
      const filters = [{ protocol: 'UDP', address: null, port: 53, backend: null }] as const
      await orKernelError(new ConntrackConnection(fakeTransport(answers), silent).deleteFlows(filters))
      await orKernelError(watchAddresses(fakeTransport(answers), null))
    }),
    { numRuns: 300 },
  )
})
