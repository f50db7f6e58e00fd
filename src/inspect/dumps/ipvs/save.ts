import type { Protocol } from '../../../model/objects.ts'
import type { DumpPart } from '../cutting/parts.ts'
import type { Forward, IpvsDestination, IpvsKey, IpvsService } from './model.ts'
import { endpointOf, type IpvsListing } from './list.ts'
import { formatKey } from './model.ts'
import type { DumpProblem } from '../problem.ts'

interface Draft extends Omit<IpvsService, 'destinations'> {
  readonly destinations: IpvsDestination[]
}

const kinds: Readonly<Record<string, Protocol | 'mark'>> = {
  '-t': 'TCP',
  '--tcp-service': 'TCP',
  '-u': 'UDP',
  '--udp-service': 'UDP',
  '--sctp-service': 'SCTP',
  '-f': 'mark',
  '--fwmark-service': 'mark',
}

const forwards: Readonly<Record<string, Forward>> = { '-m': 'Masq', '-g': 'Route', '-i': 'Tunnel' }

/** `ipvsadm -Sn`: the commands that make what is there. It has no counts of connections. */
export const readIpvsSave = ({ file, line: first, text }: DumpPart): IpvsListing => {
  const services = new Map<string, Draft>()
  const problems: DumpProblem[] = []
  const complain = (line: number, what: string): void => {
    problems.push({ file, line, text: what, doubt: true })
  }
  for (const [index, content] of text.split('\n').entries()) {
    const line = first + index
    const words = content.trim().split(/\s+/)
    if (words[0] !== '-A' && words[0] !== '-a') continue
    const key = keyOf(words)
    if (key === null)
      complain(line, `is no line of ipvsadm -Sn: ${JSON.stringify(content)} (names instead of numbers? save with -n)`)
    else if (words[0] === '-A') services.set(formatKey(key), serviceOf(key, words, file, line))
    else {
      const service = services.get(formatKey(key))
      const destination = destinationOf(words, line)
      if (service === undefined) complain(line, `adds a server to ${formatKey(key)}, which is not in the dump`)
      else if (destination === null) complain(line, `is no line of ipvsadm -Sn: ${JSON.stringify(content)}`)
      else service.destinations.push(destination)
    }
  }
  return { services: [...services.values()], problems }
}

const keyOf = (words: readonly string[]): IpvsKey | null => {
  const kind = kinds[words[1] ?? '']
  const value = words[2] ?? ''
  if (kind === undefined) return null
  if (kind === 'mark')
    return /^\d+$/.test(value) ? { kind, family: words.includes('-6') ? 'ip6' : 'ip', mark: Number(value) } : null
  const endpoint = endpointOf(value)
  return endpoint && { kind: 'address', protocol: kind, ...endpoint }
}

const after = (words: readonly string[], ...flags: readonly string[]): string | null => {
  const at = words.findIndex((word) => flags.includes(word))
  return at < 0 ? null : (words[at + 1] ?? '')
}

const serviceOf = (key: IpvsKey, words: readonly string[], file: string, line: number): Draft => {
  const persistence = after(words, '-p', '--persistent')
  return {
    key,
    // ipvsadm's own default
    scheduler: after(words, '-s', '--scheduler') ?? 'wlc',
    flags: [
      ...(after(words, '-b', '--sched-flags')?.split(',') ?? []),
      ...(words.some((word) => word === '-o' || word === '--ops') ? ['ops'] : []),
    ],
    persistence: persistence === null ? null : Number(persistence) || 300,
    destinations: [],
    file,
    line,
  }
}

const destinationOf = (words: readonly string[], line: number): IpvsDestination | null => {
  const endpoint = endpointOf(after(words, '-r', '--real-server') ?? '')
  const weight = Number(after(words, '-w', '--weight') ?? '1')
  const forward = Object.entries(forwards).find(([flag]) => words.includes(flag))?.[1] ?? 'Route'
  return endpoint && Number.isInteger(weight)
    ? { ...endpoint, forward, weight, active: null, inactive: null, line }
    : null
}
