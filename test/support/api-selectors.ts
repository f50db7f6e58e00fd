/** A Kubernetes object as JSON has it, as far as a fake API server looks into it. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

/** Whether an object is what a request asks for: labels by `key`, `!key`, `key=value`; fields by `path=value`, `path!=value`. */
export const selects = (query: URLSearchParams, object: ApiObject): boolean =>
  terms(query.get('labelSelector')).every((term) => hasLabel(object, term)) &&
  terms(query.get('fieldSelector')).every((term) => hasField(object, term))

const terms = (selector: string | null): string[] => (selector ?? '').split(',').filter((term) => term !== '')

const hasLabel = ({ metadata: { labels = {} } }: ApiObject, term: string): boolean => {
  if (term.startsWith('!')) return !(term.slice(1) in labels)
  const [key = '', value] = term.split('=')
  return value === undefined ? key in labels : labels[key] === value
}

const hasField = (object: ApiObject, term: string): boolean => {
  const [, path = '', operator, value] = /^([^!=]+)(!?=)(.*)$/.exec(term) ?? []
  let found: unknown = object
  for (const step of path.split('.')) found = (found as Record<string, unknown> | undefined)?.[step]
  return (found === value) === (operator === '=')
}
