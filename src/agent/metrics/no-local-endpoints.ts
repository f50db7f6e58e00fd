import type { Frontend } from '../../model/frontend.ts'
import type { Family } from '../../model/objects.ts'

export interface NoLocalEndpoints {
  readonly policy: 'internal' | 'external'
  readonly family: Family
  /** Service ports with endpoints somewhere, of which a Local traffic policy leaves none */
  readonly count: number
}

/** As kube-proxy counts them: by Service port, once for all its external addresses. */
export const noLocalEndpoints = (frontends: Iterable<Frontend>): readonly NoLocalEndpoints[] => {
  const found = { internal: { IPv4: 0, IPv6: 0 }, external: { IPv4: 0, IPv6: 0 } }
  const external = new Set<string>()
  for (const { kind, family, service, portName, protocol, routes } of frontends) {
    if (routes.outside.to !== 'drop') continue
    if (kind === 'ClusterIP') {
      found.internal[family]++
      continue
    }
    const servicePort = `${family} ${service}:${portName}/${protocol}`
    if (!external.has(servicePort)) found.external[family]++
    external.add(servicePort)
  }
  return (['internal', 'external'] as const).flatMap((policy) =>
    (['IPv4', 'IPv6'] as const).map((family) => ({ policy, family, count: found[policy][family] })),
  )
}
