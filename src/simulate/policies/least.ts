import { type Picker, type PickerContext, scaleTo } from './picker.ts'

/** What the next connection would make of a pod: (active + 1) / (weight × slow start). */
type Load = (pod: number) => number

const loadOf = ({ counts, weights, policy, ramp }: PickerContext): Load => {
  if (policy.slowStartSeconds > 0)
    return (pod) => ((counts.active[pod] as number) + 1) / ((weights[pod] as number) * ramp(pod))
  return (pod) => ((counts.active[pod] as number) + 1) / (weights[pod] as number)
}

/** The least loaded pod; among equals at random, so that nodes do not all begin with the same one. */
export const leastPicker = (context: PickerContext): Picker =>
  amongWeighted(context, (pods) => {
    const load = loadOf(context)
    const { random } = context
    return () => {
      let least = -1
      let leastLoad = Number.POSITIVE_INFINITY
      let equals = 0
      for (let i = 0; i < pods.length; i++) {
        const pod = pods[i] as number
        const podLoad = load(pod)
        if (podLoad > leastLoad) continue
        equals = podLoad < leastLoad ? 1 : equals + 1
        // each of the equals found so far is kept with the same odds
        if (equals === 1 || scaleTo(random(), equals) === 0) least = pod
        leastLoad = podLoad
      }
      return least
    }
  })

/** The less loaded of two different pods picked at random (Mitzenmacher, 2001). */
export const twoChoicesPicker = (context: PickerContext): Picker =>
  amongWeighted(context, (pods) => {
    const load = loadOf(context)
    const { random } = context
    return () => {
      if (pods.length < 2) return pods[0] ?? -1
      const first = scaleTo(random(), pods.length)
      const step = 1 + scaleTo(random(), pods.length - 1)
      const one = pods[first] as number
      const other = pods[(first + step) % pods.length] as number
      return load(other) < load(one) ? other : one
    }
  })

/** Envoy's least request: of two picked at random, which may be the same; the first of equals. */
export const leastRequestPicker = (context: PickerContext): Picker =>
  amongWeighted(context, (pods) => {
    const load = loadOf(context)
    const { random } = context
    return () => {
      if (pods.length === 0) return -1
      const one = pods[scaleTo(random(), pods.length)] as number
      const other = pods[scaleTo(random(), pods.length)] as number
      return load(other) < load(one) ? other : one
    }
  })

/** Pods of weight 0 are never picked. `pickFrom` is asked anew whenever the endpoints change. */
const amongWeighted = ({ weights }: PickerContext, pickFrom: (pods: readonly number[]) => () => number): Picker => {
  let pick = pickFrom([])
  return {
    update(pods) {
      pick = pickFrom(pods.filter((pod) => (weights[pod] as number) > 0))
    },
    pick: () => pick(),
    idle: () => {},
  }
}
