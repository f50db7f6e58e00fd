import { formatEndpoint } from '../../model/address.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { StaleFlow } from '../../routing/stale-flows.ts'

/** The frontends that a flow may have dialled: a NodePort's filter does not say which family. */
export const frontendsOf = ({
  address,
  port,
  protocol,
}: Pick<StaleFlow, 'address' | 'port' | 'protocol'>): FrontendKey[] =>
  address === null
    ? [`node:${port}/${protocol}`, `node6:${port}/${protocol}`]
    : [`${formatEndpoint(address, port)}/${protocol}`]

/**
 * Is a flow still stale when its frontend has backends again before it ever was without? Only one to a backend that did not come back:
 * there was no time of nobody, so flows to whomever stay.
 */
export const isStaleAfterRecovery = ({ backend }: StaleFlow, { sets }: Frontend): boolean => {
  if (backend === null) return false
  const present = [...(sets.cluster?.backends ?? []), ...(sets.local?.backends ?? [])]
  return !present.some(({ address, port }) => address === backend.address && port === backend.port)
}
