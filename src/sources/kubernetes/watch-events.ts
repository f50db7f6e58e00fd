import { isRaw, type Raw } from '../fields.ts'
import { ApiError } from './errors.ts'
import type { Resource } from './resources.ts'

/** What one line of a watch says. `version`: everything up to it has been heard. */
export type WatchEvent =
  | { readonly is: 'put' | 'remove'; readonly raw: Raw; readonly version: string }
  | { readonly is: 'bookmark'; readonly version: string /** all there is has been sent */; readonly complete: boolean }
  /** a metav1.Status; the watch is over */
  | { readonly is: 'error'; readonly raw: unknown }
  | { readonly is: 'unknown'; readonly type: string }

/** Throws an ApiError, reason `Malformed`, for what no API server writes. */
export const parseEvent = (line: string, resource: Resource): WatchEvent => {
  const event = parseJson(line, resource)
  if (!isRaw(event) || typeof event['type'] !== 'string') throw malformed(resource, 'an event without a type')
  const { type, object } = event
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { is: 'put', ...ofKind(object, resource) }
    case 'DELETED':
      return { is: 'remove', ...ofKind(object, resource) }
    case 'BOOKMARK': {
      const { raw, version } = ofKind(object, resource)
      return { is: 'bookmark', version, complete: endsInitialEvents(raw) }
    }
    case 'ERROR':
      return { is: 'error', raw: object }
    default:
      return { is: 'unknown', type: type.slice(0, 40) }
  }
}

/** An item of a list, which does not say its kind. Throws as `parseEvent`. */
export const parseItem = (text: string, resource: Resource): Raw => {
  const raw = parseJson(text, resource)
  if (!isRaw(raw)) throw malformed(resource, 'an item that is no object')
  return { ...raw, kind: resource.kind, apiVersion: resource.apiVersion }
}

export const versionOf = (raw: Raw): string => {
  const metadata = raw['metadata']
  const version = isRaw(metadata) ? metadata['resourceVersion'] : undefined
  return typeof version === 'string' ? version : ''
}

export const malformed = ({ name }: Resource, what: string): ApiError =>
  new ApiError(`the API server sends ${what} (${name}): it is read again`, { reason: 'Malformed' })

const parseJson = (text: string, resource: Resource): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(resource, 'broken JSON')
  }
}

const ofKind = (raw: unknown, resource: Resource): { raw: Raw; version: string } => {
  if (!isRaw(raw) || raw['kind'] !== resource.kind)
    throw malformed(resource, `an event that is not about a ${resource.kind}`)
  const version = versionOf(raw)
  if (version === '') throw malformed(resource, 'an object without a resourceVersion')
  return { raw, version }
}

const endsInitialEvents = ({ metadata }: Raw): boolean => {
  const annotations = isRaw(metadata) ? metadata['annotations'] : undefined
  return isRaw(annotations) && annotations['k8s.io/initial-events-end'] === 'true'
}
