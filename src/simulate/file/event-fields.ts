import { checked, either, exactlyOne, map, needed, number, optional, text, whole } from './shape.ts'
import { most, nameText, names } from './common-fields.ts'
import { podTemplate } from './pod-fields.ts'
import { moment, seconds } from './time.ts'

const percent = either(
  (value) => typeof value === 'string',
  text('per cent like 25%', (given) => /^(100|\d?\d)%$/.test(given), { pattern: '^(100|\\d?\\d)%$' }),
  whole(0, most.pods),
)

const eventFields = {
  rollingUpdate: optional(
    map('a map of maxSurge, maxUnavailable, minReady and pod', {
      maxSurge: optional(percent, 'pods above the number asked for; per cent are rounded up', '25%'),
      maxUnavailable: optional(percent, 'pods below it; per cent are rounded down', '25%'),
      minReady: optional(seconds(), 'ready for so long before it counts as available', '0s'),
      pod: optional(podTemplate, 'what the new pods have', 'what the first group of pods has'),
    }),
    'replaces all pods, as a Deployment does',
    '–',
  ),
  scale: optional(
    map('a map of replicas and pod', {
      replicas: needed(whole(1, most.pods), 'how many there shall be; downwards the youngest go first'),
      pod: optional(podTemplate, 'what the new pods have', 'what the first group of pods has'),
    }),
    'to more or fewer pods',
    '–',
  ),
  restart: optional(
    map('a map of pods and down', {
      pods: needed(names('pods or of groups of pods'), 'which'),
      down: optional(seconds(), 'until they start again', '0s'),
    }),
    'containers crash: their connections break, they start again',
    '–',
  ),
  fail: optional(
    map('a map of pods and for', {
      pods: needed(names('pods or of groups of pods'), 'which'),
      for: needed(seconds(), 'how long'),
    }),
    'pods answer nothing: new connections are refused, open ones stay; out of the rules if a probe sees it',
    '–',
  ),
  stall: optional(
    map('a map of nodes and for', {
      nodes: needed(names('nodes or of groups of nodes'), 'which'),
      for: needed(seconds(), 'how long'),
    }),
    'nodes take no changes of their rules for so long, then all at once',
    '–',
  ),
  drain: optional(
    map('a map of node and pod', {
      node: needed(nameText, 'which'),
      pod: optional(podTemplate, 'what the new pods have', 'what the first group of pods has'),
    }),
    'the pods of a node are deleted and come again on other nodes',
    '–',
  ),
  reconnect: optional(
    map('a map of clients and fraction', {
      clients: optional(names('groups of clients'), 'which', 'all'),
      fraction: optional(number({ max: 1 }), 'of their open connections', '1'),
    }),
    'clients close connections and come back',
    '–',
  ),
}

const eventKinds = Object.keys(eventFields) as (keyof typeof eventFields)[]

export const event = checked(
  map('a map of at and what happens', { at: needed(moment, 'when'), ...eventFields }, exactlyOne(eventKinds)),
  (read) => {
    const kinds = eventKinds.filter((kind) => read[kind] !== undefined)
    if (kinds.length === 1) return null
    return `must have at and exactly one of ${eventKinds.join(', ')}${kinds.length === 0 ? '' : `, not ${kinds.join(' and ')}`}`
  },
)

export type EventDocument = NonNullable<ReturnType<typeof event.read>>
