import { either, type FieldValues, map, needed, number, oneOf, optional, whole, yesOrNo } from './shape.ts'
import { ipv4, most, nameText, names } from './common-fields.ts'
import { moment, randomTime, seconds } from './time.ts'

const probeFields = {
  period: optional(seconds({ min: 0.001 }), 'between two probes', '10s'),
  successThreshold: optional(whole(1, 1000), 'successes in a row until it is ready', '1'),
  failureThreshold: optional(whole(1, 1000), 'failures in a row until it is not', '3'),
}

const templateFields = {
  weight: optional(whole(0, 65_535), 'for schedulers that honour weights', '1'),
  capacity: optional(whole(1, 1e9), 'connections it holds at most; further ones are refused', 'no limit'),
  cost: optional(number({ max: 1e9 }), 'work of one request, for `measure: work`', '1'),
  startup: optional(randomTime, 'from its start until it accepts connections', '0s'),
  probe: optional(
    either(
      (value) => typeof value === 'boolean',
      yesOrNo,
      map('a map of period, successThreshold, failureThreshold', probeFields),
    ),
    'its readiness probe. Without one it is in the rules from its start to its deletion, whatever it does',
    'false',
  ),
  lameDuck: optional(seconds(), 'from its deletion: still accepts for so long, as a preStop sleep makes it', '0s'),
  grace: optional(seconds(), 'from its deletion until it is gone', '30s'),
  drain: optional(
    oneOf(['close', 'cut']),
    'what becomes of open connections when it is deleted: `close` ends them in good order between lameDuck and grace, `cut` breaks those still open at the end',
    '`cut`',
  ),
}

export type Template = FieldValues<typeof templateFields>

export const podTemplate = map('a map of what the new pods have', templateFields)

export const podGroup = map('a map of a group of pods', {
  name: optional(nameText, 'of the pods, numbered from 0', '`pod`'),
  count: needed(whole(1, most.pods), 'how many'),
  nodes: optional(names('nodes or of groups of nodes'), 'where they run, in turn', 'all nodes'),
  startsAt: optional(moment, 'when they start', 'long before, ready and known to every node'),
  address: optional(ipv4, 'of the first, for schedulers that hash; the others count up', '10.244.NODE.N'),
  ...templateFields,
})

export type PodGroup = NonNullable<ReturnType<typeof podGroup.read>>
