import { measures } from '../model.ts'
import { either, type Field, list, map, needed, number, oneOf, optional, whole } from './shape.ts'
import { clientGroup } from './client-fields.ts'
import { isMap, isNumber, most, nameText, sentence } from './common-fields.ts'
import { event } from './event-fields.ts'
import { podGroup } from './pod-fields.ts'
import { policyShape } from './policy-fields.ts'
import { randomTime, seconds } from './time.ts'

/*
 * The document of a scenario, field by field: what may stand there and what it means. What is missing is filled in by
 * src/simulate/file/resolve.ts; `otherwise` says with what.
 */

export const scenarioKind = { apiVersion: 'evenkeel.io/v1alpha1', kind: 'Scenario' } as const

const nodeGroup = map('a map of a group of nodes', {
  name: optional(nameText, 'of the nodes, numbered from 0 where the group has a count', '`node`'),
  count: optional(whole(1, most.nodes), 'how many; without it one node with just this name', 'one'),
  zone: optional(nameText, 'the zone', 'none'),
  lag: optional(randomTime, 'from a change of the endpoints until it is in the rules of a node', '0s'),
})

const onlyConst = (value: string, about: string): Field<string, true> => needed(oneOf([value]), about)

export const scenarioShape = map('a map of a scenario', {
  apiVersion: onlyConst(scenarioKind.apiVersion, 'the version of this format'),
  kind: onlyConst(scenarioKind.kind, 'what this is'),
  name: optional(nameText, 'for people', 'the name of the file'),
  about: optional(sentence(4_000), 'what is shown, for people', 'nothing'),
  duration: needed(seconds({ min: 0.001 }), 'how long is watched, from 0'),
  warmUp: optional(seconds(), 'simulated before 0 and not counted', '0s'),
  sample: optional(seconds({ min: 0.001 }), 'time between two samples', 'a sixtieth of the duration'),
  measure: optional(
    oneOf(measures),
    'what the shares are shares of: connections `open` at the moment, `opened`, `requests`, `bytes` or `work` since 0',
    '`open`',
  ),
  evenLimit: optional(number({ above: 1, max: 1_000 }), 'even is: max/mean at or below this, to the end', '1.25'),
  nodes: optional(
    either(isNumber, whole(1, most.nodes), list('groups of nodes', nodeGroup, { min: 1, max: most.nodes })),
    'how many, or groups of them',
    '1',
  ),
  pods: needed(
    either(
      isNumber,
      whole(1, most.pods),
      either(isMap, podGroup, list('groups of pods', podGroup, { min: 1, max: most.groups })),
    ),
    'how many, one group, or a list of groups',
  ),
  clients: needed(
    either(isMap, clientGroup, list('groups of clients', clientGroup, { min: 1, max: most.groups })),
    'one group, or a list of groups',
  ),
  events: optional(list('events', event, { max: most.events }), 'what happens meanwhile', 'nothing'),
  policy: optional(
    either(isMap, policyShape, sentence(500)),
    'a map, or as the command line spells it',
    '`nft-random`',
  ),
  compare: optional(
    list('policies', either(isMap, policyShape, sentence(500)), { min: 1, max: most.policies }),
    'policies to compare, each laid over `policy`',
    'nothing',
  ),
})

export type ScenarioDocument = NonNullable<ReturnType<typeof scenarioShape.read>>
