import { defaultProbe, defaultTemplate } from '../defaults.ts'
import type { PodTemplate, Probe } from '../model.ts'
import type { Template } from './pod-fields.ts'

/** With the defaults of `base`. */
export const templateOf = (given: Partial<Template> = {}, base: PodTemplate = defaultTemplate): PodTemplate => {
  const { probe } = given
  return {
    weight: given.weight ?? base.weight,
    capacity: given.capacity ?? base.capacity,
    cost: given.cost ?? base.cost,
    startup: given.startup ?? base.startup,
    probe: probe === undefined ? base.probe : probeOf(probe),
    lameDuckSeconds: given.lameDuck ?? base.lameDuckSeconds,
    graceSeconds: given.grace ?? base.graceSeconds,
    drain: given.drain ?? base.drain,
  }
}

const probeOf = (given: NonNullable<Template['probe']>): Probe | null => {
  if (typeof given === 'boolean') return given ? defaultProbe : null
  return {
    periodSeconds: given.period ?? defaultProbe.periodSeconds,
    successThreshold: given.successThreshold ?? defaultProbe.successThreshold,
    failureThreshold: given.failureThreshold ?? defaultProbe.failureThreshold,
  }
}
