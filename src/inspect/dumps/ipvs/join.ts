import { formatEndpoint } from '../../../model/address.ts'
import { formatKey, type IpvsDestination, type IpvsService, type IpvsState } from './model.ts'
import type { IpvsListing } from './list.ts'
import type { DumpProblem } from '../problem.ts'

/** A service that is listed twice (`-Ln` and `--stats`) is the one that says more, with what only the other has counted. */
export const ipvsState = (
  listings: readonly IpvsListing[],
): { readonly state: IpvsState | null; readonly problems: readonly DumpProblem[] } => {
  if (listings.length === 0) return { state: null, problems: [] }
  const services = new Map<string, IpvsService>()
  const problems = listings.flatMap((listing) => listing.problems)
  for (const service of listings.flatMap((listing) => listing.services)) {
    const key = formatKey(service.key)
    const before = services.get(key)
    if (before !== undefined && !hasSameServers(before, service))
      problems.push({
        file: service.file,
        line: service.line,
        text: `virtual service ${key} is listed twice, with other servers: of another moment or node? Dumps of several nodes belong in files of their own`,
        doubt: true,
      })
    services.set(key, before === undefined ? service : joined(before, service))
  }
  return { state: { services: [...services.values()] }, problems }
}

const hasSameServers = (a: IpvsService, b: IpvsService): boolean => {
  const names = new Set(a.destinations.map(nameOf))
  return a.destinations.length === b.destinations.length && b.destinations.every((one) => names.has(nameOf(one)))
}

const joined = (a: IpvsService, b: IpvsService): IpvsService => {
  const [more, less] = saysMore(b, a) ? [b, a] : [a, b]
  const counted = new Map(less.destinations.map((destination) => [nameOf(destination), destination]))
  return {
    ...more,
    destinations: more.destinations.map((destination) => {
      const { connections, bytes } = counted.get(nameOf(destination)) ?? {}
      if (connections === undefined || destination.connections !== undefined) return destination
      return { ...destination, connections, ...(bytes === undefined ? {} : { bytes }) }
    }),
  }
}

const nameOf = ({ address, port }: IpvsDestination): string => formatEndpoint(address, port)

const saysMore = (a: IpvsService, b: IpvsService): boolean => {
  if ((a.scheduler === null) !== (b.scheduler === null)) return b.scheduler === null
  const counts = (service: IpvsService): number => service.destinations.filter(({ active }) => active !== null).length
  return counts(a) > counts(b)
}
