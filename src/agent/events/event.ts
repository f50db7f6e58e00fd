import { createHash } from 'node:crypto'
import { type Fact, factKey } from './fact.ts'

/** An Event as it is created (events.k8s.io/v1); all but `series` is immutable afterwards. */
export interface EventObject {
  readonly apiVersion: 'events.k8s.io/v1'
  readonly kind: 'Event'
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly regarding: Readonly<Record<'apiVersion' | 'kind' | 'name' | 'uid', string>> & { readonly namespace?: string }
  readonly type: 'Warning'
  readonly reason: string
  readonly action: string
  readonly note: string
  readonly eventTime: string
  readonly reportingController: string
  readonly reportingInstance: string
}

export interface EventContext {
  /** of the object it regards; a Node's is its name, as kubelet and kube-proxy have it */
  readonly uid: string
  /** who says it */
  readonly node: string
  /** ms since the epoch */
  readonly wall: number
}

const apiVersions = { Service: 'v1', EndpointSlice: 'discovery.k8s.io/v1', Node: 'v1' } as const
/** bytes that the API server takes (pkg/apis/core/validation/events.go) */
const NOTE_LIMIT = 1_024
const INSTANCE_LIMIT = 128
/** characters of a name (a DNS subdomain), of which 17 are our hash */
const NAME_LIMIT = 253

/**
 * The same fact of the same object has one name, whoever tells it and how often: a second Event is refused by the API server instead of
 * being one more.
 */
export const eventOf = (fact: Fact, { uid, node, wall }: EventContext): EventObject => {
  const { kind, namespace, name } = fact.regarding
  const hash = createHash('sha256')
    .update(`${uid}\0${factKey(fact)}`)
    .digest('hex')
    .slice(0, 16)
  const stem = name.slice(0, NAME_LIMIT - 17).replace(/[.-]+$/, '')
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${stem}.${hash}`, namespace: namespaceOf(fact) },
    regarding: { apiVersion: apiVersions[kind], kind, name, uid, ...(namespace === '' ? {} : { namespace }) },
    type: 'Warning',
    reason: fact.reason,
    action: fact.action,
    note: cut(fact.note, NOTE_LIMIT),
    eventTime: microTime(wall),
    reportingController: 'evenkeel',
    reportingInstance: cut(`evenkeel-${node}`, INSTANCE_LIMIT),
  }
}

/** Events about what has no namespace stand in `default`. */
const namespaceOf = ({ regarding: { namespace } }: Fact): string => namespace || 'default'

/** metav1.MicroTime: `2026-11-21T15:27:30.000000Z`, six digits always. */
export const microTime = (wall: number): string => new Date(wall).toISOString().replace(/Z$/, '000Z')

/** At most `limit` bytes of UTF-8, never half a character. */
const cut = (text: string, limit: number): string => {
  if (Buffer.byteLength(text) <= limit) return text
  const bytes = Buffer.from(text).subarray(0, limit - 3)
  return `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })}…`
}
