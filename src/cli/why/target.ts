import type { WhyRequest } from '../../agent/why/answer.ts'

const kinds: Readonly<Record<string, WhyRequest['kind']>> = {
  service: 'service',
  services: 'service',
  svc: 'service',
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
}

/** `svc/web`, `svc web`, `pod/shop/web-a`, `shop/web`, `web`. Throws for anything else. */
export const parseWhyTarget = (words: readonly string[], namespace: string | undefined): WhyRequest => {
  const parts = words.flatMap((word) => word.split('/'))
  const [first = ''] = parts
  const kind = parts.length > 1 ? kinds[first] : undefined
  const rest = kind === undefined ? parts : parts.slice(1)
  const [name = ''] = rest.slice(-1)
  if (words.length > 2 || rest.length > 2 || (words.length === 2 && kind === undefined) || rest.includes(''))
    throw new Error(`${JSON.stringify(words.join(' '))}: must be service/NAME, pod/NAME, NAMESPACE/NAME or NAME`)
  const own = rest.length === 2 ? rest[0] : undefined
  return { request: 'why', kind: kind ?? 'any', namespace: own ?? namespace ?? 'default', name }
}
