import { canonicalAddress } from '../model/address.ts'
import type { Weights } from '../model/objects.ts'
import { inMap, isRaw, type Raw, readName, readString } from './fields.ts'
import { type Faults, show } from './faults.ts'

/** One string for equal strings, so that 100,000 endpoints share their node and zone names. */
export type Intern = (text: string) => string

/** `metadata.namespace` is 'default' where it is missing, as kubectl has it; '' for kinds that have none. */
export const readIdentity = (
  raw: Raw,
  faults: Faults,
  { namespaced, name: kind }: { readonly namespaced: boolean; readonly name: 'label' | 'subdomain' },
): { readonly namespace: string; readonly name: string } =>
  inMap(raw, 'metadata', faults, (metadata) => {
    const before = faults.open
    const name = readName(metadata, 'name', faults, kind)
    if (name === '' && faults.open === before) faults.add('name', 'is required')
    return { name, namespace: namespaced ? readName(metadata, 'namespace', faults, 'label') || 'default' : '' }
  })

/** `metadata.labels[key]`, '' where there is none. */
export const readLabel = (raw: Raw, key: string, faults: Faults): string =>
  inMap(raw, 'metadata', faults, (metadata) =>
    inMap(metadata, 'labels', faults, (labels) => readString(labels, key, faults)),
  )

/** Some labels say something by being there, whatever their value. */
export const hasLabel = (raw: Raw, key: string): boolean => {
  const metadata = raw['metadata']
  const labels = isRaw(metadata) ? metadata['labels'] : undefined
  return isRaw(labels) && Object.hasOwn(labels, key)
}

/** Milliseconds since the epoch, 0 unknown. */
export const readCreated = (raw: Raw, faults: Faults): number =>
  inMap(raw, 'metadata', faults, (metadata) => {
    const text = metadata['creationTimestamp'] ?? ''
    const time = text === '' ? 0 : typeof text === 'string' ? Date.parse(text) : Number.NaN
    if (!Number.isNaN(time)) return time
    faults.note('creationTimestamp', `must be a time like 2026-01-31T12:00:00Z, not ${show(text)}`, 'it')
    return 0
  })

/** An annotation of ours. Nobody else validates these, so a fault in one costs the annotation and not the object. */
export const readAnnotation = (raw: Raw, key: string, faults: Faults): string => {
  const metadata = raw['metadata']
  const annotations = isRaw(metadata) ? metadata['annotations'] : undefined
  const value = (isRaw(annotations) ? annotations[key] : undefined) ?? ''
  if (typeof value === 'string') return value
  noteAnnotation(faults, key, [], `must be a string, not ${show(value)}`, 'the annotation')
  return ''
}

/** When what the slice says came to be, as its controller has it: ms since the epoch, 0 unknown. */
export const readTriggered = (raw: Raw, faults: Faults): number => {
  const key = 'endpoints.kubernetes.io/last-change-trigger-time'
  const text = readAnnotation(raw, key, faults)
  const time = text === '' ? 0 : Date.parse(text)
  if (!Number.isNaN(time)) return time
  noteAnnotation(faults, key, [], `must be a time like 2026-01-31T12:00:00Z, not ${show(text)}`, 'the annotation')
  return 0
}

/** `evenkeel.io/weights`: JSON of pod name or address → weight. An entry with a fault is left out alone. */
export const readWeights = (raw: Raw, faults: Faults): Weights | null => {
  const key = 'evenkeel.io/weights'
  const text = readAnnotation(raw, key, faults)
  if (text === '') return null
  const parsed = parseJson(text)
  if (!isRaw(parsed)) {
    noteAnnotation(faults, key, [], `must hold a JSON map like {"web-0": 3}, not ${show(text)}`, 'the annotation')
    return null
  }
  // a pod may be named "constructor"
  const weights: Record<string, number> = Object.create(null)
  for (const [name, weight] of Object.entries(parsed)) {
    if (typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 65535)
      weights[canonicalAddress(name) ?? name] = weight
    else noteAnnotation(faults, key, [name], `must be an integer 0 … 65535, not ${show(weight)}`, 'this weight')
  }
  return Object.freeze(weights)
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const noteAnnotation = (faults: Faults, key: string, rest: readonly string[], message: string, lost: string): void => {
  const before = faults.length
  const steps = [...rest, key]
  faults.note(steps[0] ?? key, message, lost)
  for (const step of [...steps.slice(1), 'annotations', 'metadata']) faults.nest(before, step)
}
