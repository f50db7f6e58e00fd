import type { Backend, SchedulerName } from '../../model/frontend.ts'
import { jhash } from '../../rules/jhash.ts'
import { buildSlots } from '../../scheduling/table.ts'
import type { SlotName } from '../../scheduling/slots.ts'
import { slotName } from '../../scheduling/stable.ts'
import { addressNumber } from '../address.ts'
import { type Picker, type PickerContext, scaleTo } from './picker.ts'

/** As the nftables plane has it. */
const SLOTS = 16_384

/** This project's own tables (src/scheduling) and their pickers in nftables: what every plane with slot tables does. */
export const slotTablePicker = (context: PickerContext, scheduler: 'random' | 'rr' | 'sh' | 'maglev'): Picker => {
  const table = slotTable(context, scheduler)
  return { update: table.update, pick: pickFrom(table, context, scheduler), idle: () => {} }
}

interface SlotTable {
  /** pods */
  slots: Int32Array
  hashSeed: number
  update(pods: readonly number[]): void
}

const pickFrom = (
  table: SlotTable,
  { random, turn, ramp, policy }: PickerContext,
  scheduler: 'random' | 'rr' | 'sh' | 'maglev',
): Picker['pick'] => {
  switch (scheduler) {
    case 'rr': {
      const next = (): number => {
        const { slots } = table
        if (slots.length === 0) return -1
        if (turn.next >= slots.length) turn.next = 0
        return slots[turn.next++] as number
      }
      return policy.slowStartSeconds > 0 ? gently(next, random, ramp) : next
    }
    case 'random': {
      const any = (): number => anySlot(table, random)
      return policy.slowStartSeconds > 0 ? gently(any, random, ramp) : any
    }
    case 'maglev':
      // hashed are the address and a source port that is new for each connection
      return () => anySlot(table, random)
    case 'sh':
      return bySource(table)
  }
}

const anySlot = ({ slots }: SlotTable, random: () => number): number =>
  slots.length === 0 ? -1 : (slots[scaleTo(random(), slots.length)] as number)

const slotTable = (context: PickerContext, scheduler: SchedulerName): SlotTable => {
  let before: readonly SlotName[] = []
  const table: SlotTable = {
    slots: new Int32Array(0),
    hashSeed: 0,
    update(pods) {
      // a frontend's backends are ordered by address, and a hash finds its pod by the place
      const inOrder = pods.toSorted((a, b) => numberOf(context.backends[a]) - numberOf(context.backends[b]))
      const podOf = new Map(inOrder.map((pod) => [context.backends[pod] as Backend, pod]))
      const set = { backends: [...podOf.keys()] }
      const result = buildSlots({ scheduler, set, seed: context.seed, cap: SLOTS, before })
      // as the plane would: this frontend cannot be made
      if (!result.ok && set.backends.some(({ weight }) => weight > 0)) throw new RangeError(result.reason)
      const slots = result.ok ? result.table.slots : []
      // a rule of another size is a new rule, and the kernel begins it at slot 0
      if (slots.length !== table.slots.length && context.policy.counts === 'node') context.turn.next = 0
      before = slots.map(slotName)
      table.slots = Int32Array.from(slots, (backend) => podOf.get(backend) ?? -1)
      table.hashSeed = result.ok ? result.table.hashSeed : 0
    },
  }
  return table
}

const numberOf = (backend: Backend | undefined): number => addressNumber(backend?.address ?? '0.0.0.0')

/** `jhash ip saddr mod n`. */
const bySource = (table: SlotTable): Picker['pick'] => {
  const hashes = new Map<number, number>()
  return (address) => {
    if (table.slots.length === 0) return -1
    let hash = hashes.get(address)
    if (hash === undefined) {
      hash = jhash(bytesOf(address), table.hashSeed)
      hashes.set(address, hash)
    }
    return table.slots[scaleTo(hash, table.slots.length)] as number
  }
}

const bytesOf = (address: number): string =>
  String.fromCharCode(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255)

/** Slow start: a new pod takes what comes to it with the odds of its weight, else the next is asked. */
const gently = (pick: () => number, random: () => number, ramp: (pod: number) => number) => (): number => {
  let pod = pick()
  for (let tries = 0; tries < 64 && pod >= 0 && random() >= ramp(pod) * 2 ** 32; tries++) pod = pick()
  return pod
}
