import type { CutDump, DumpPart } from './parts.ts'

/**
 * Leaves out what was listed in another network namespace (`ip netns exec NAME …`, `nsenter -n …`) than the rest of the file: a pod's
 * rules, addresses and routes are not the node's. Where the whole file is of one namespace it stays.
 */
export const ofOneNamespace = ({ parts, problems }: CutDump): CutDump => {
  const named = Map.groupBy(placed(parts), ({ namespace }) => namespace)
  const [first = ''] = named.keys()
  const own = named.has('') ? '' : first
  const others = [...named].filter(([namespace]) => namespace !== own)
  return {
    parts: named.get(own)?.map(({ part }) => part) ?? [],
    problems: [
      ...problems,
      ...others.map(([namespace, [left]]) => ({
        file: left?.part.file ?? '',
        line: left?.part.line ?? 1,
        text: `what was listed in the network namespace ${namespace} is left out: it is a machine of its own, give it in a file of its own`,
        // of two namespaces nobody can tell which is meant
        ...(own !== '' && { doubt: true }),
      })),
    ],
  }
}

interface PlacedPart {
  readonly part: DumpPart
  /** '' the machine's own */
  readonly namespace: string
}

/** A part without a heading goes on where the one before it was listed. */
const placed = (parts: readonly DumpPart[]): readonly PlacedPart[] => {
  let namespace = ''
  return parts.map((part) => {
    if (part.heading !== '') namespace = namespaceOf(part.heading)
    return { part, namespace }
  })
}

const namespaceOf = (heading: string): string =>
  /\bip netns exec (\S+)/.exec(heading)?.[1] ??
  /\bnsenter (?=.*(?:-\w*n\b|--net\b)).*?(?:-t|--target)[ =]?(\S+)/.exec(heading)?.[1] ??
  ''
