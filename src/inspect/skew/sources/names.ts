import { canonicalAddress } from '../../../model/address.ts'
import type { ClusterNames } from '../../dumps/names.ts'

/** `10.0.0.1:80`, `[fd00::1]:80`, or an address alone → the address; null: it is none. */
export const addressIn = (endpoint: string): string | null => {
  const [, six, four] = /^(?:\[([^\]]+)\]:\d+|([^:]+):\d+)$/.exec(endpoint) ?? []
  return canonicalAddress(six ?? four ?? endpoint)
}

/** What a backend is called: its pod where objects say which, else `address:port`. */
export const backendNamer =
  ({ backends }: Pick<ClusterNames, 'backends'>) =>
  (endpoint: string): string => {
    const address = addressIn(endpoint)
    return (address === null ? '' : (backends.get(address)?.pod ?? '')) || endpoint
  }

const collator = new Intl.Collator('en', { numeric: true })

/** web-2 before web-10. */
export const byName = (a: string, b: string): number => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
