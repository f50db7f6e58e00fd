import { type Picker, type PickerContext, scaleTo } from './picker.ts'

/** A proxy's round robin: begins anywhere, and keeps its turn when the pods change. */
export const proxyTurnPicker = ({ random, turn, policy }: PickerContext): Picker => {
  let list: readonly number[] = []
  let begun = policy.counts === 'shared'
  return {
    update(pods) {
      list = pods
      if (begun || pods.length === 0) return
      turn.next = scaleTo(random(), pods.length)
      begun = true
    },
    pick() {
      if (list.length === 0) return -1
      if (turn.next >= list.length) turn.next = 0
      return list[turn.next++] as number
    },
    idle: () => {},
  }
}

export const proxyRandomPicker = ({ random }: PickerContext): Picker => {
  let list: readonly number[] = []
  return {
    update(pods) {
      list = pods
    },
    pick: () => list[scaleTo(random(), list.length)] ?? -1,
    idle: () => {},
  }
}
