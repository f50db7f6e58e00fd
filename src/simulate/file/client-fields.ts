import { checked, either, map, needed, number, oneOf, optional, whole } from './shape.ts'
import { ipv4, isMap, most, nameText, names } from './common-fields.ts'
import { meanOf } from '../random.ts'
import { moment, randomTime, seconds } from './time.ts'

const random = checked(randomTime, (duration) =>
  meanOf(duration) >= 0.001 ? null : 'must be 1ms or more on average: a refused client would try for ever in no time',
)

export const clientGroup = map('a map of a group of clients', {
  name: optional(nameText, 'of the group', '`clients`'),
  count: optional(whole(1, most.clients), 'how many clients', '1'),
  from: optional(
    either((value) => value === 'outside', oneOf(['outside']), names('nodes or of groups of nodes')),
    'the nodes they are on, in turn; `outside`: they come through policy.loadBalancer',
    'all nodes',
  ),
  clientsPerAddress: optional(whole(1, most.clients), 'so many share a source address (NAT)', '1'),
  address: optional(ipv4, 'of the first', '10.100.0.1, 10.101.0.1 … group by group'),
  connections: optional(
    whole(1, 1_000_000),
    'each keeps so many open: one that ends or is refused comes back',
    '1, without http2 and arrivals',
  ),
  http2: optional(
    map('a map of concurrency and streams', {
      concurrency: needed(whole(1, 1_000_000), 'requests of a client at a time'),
      streams: optional(whole(1, 1_000_000), 'requests that share a connection', '100'),
    }),
    'instead of connections: as many connections as the requests need',
    '–',
  ),
  arrivals: optional(
    either(
      isMap,
      map('a map of perSecond and spacing', {
        perSecond: needed(number({ above: 0, max: 1e9 }), 'of each client'),
        spacing: optional(
          oneOf(['poisson', 'steady']),
          'at random moments from clients at random, or evenly from each in turn',
          '`poisson`',
        ),
      }),
      number({ above: 0, max: 1e9 }),
    ),
    'instead of connections: each client opens so many a second, whatever is open',
    '–',
  ),
  life: optional(randomTime, 'how long a client keeps a connection', '`forever`'),
  reconnect: optional(random, 'from the end or the refusal of a connection until the next', '100ms'),
  requests: optional(
    map('a map of requests', {
      perSecond: optional(number({ max: 1e9 }), 'of one client, over all its connections', '1; with arrivals 0'),
      perConnection: optional(number({ max: 1e9 }), 'besides: at the opening of each connection', '0; with arrivals 1'),
      spacing: optional(oneOf(['steady', 'poisson']), 'evenly spaced or memoryless', '`poisson`'),
      bytes: optional(number({ max: 1e12 }), 'of one request', '1'),
      duration: optional(randomTime, 'of one request, for L7 schedulers', '{exponential: 10ms}'),
    }),
    'what they ask',
    'one request a second and client',
  ),
  startsAt: optional(moment, 'when they come', 'long before'),
  startSpread: optional(seconds(), 'they come at random moments within so long', '0s'),
  stopsAt: optional(moment, 'then they close what they have', 'never'),
})

export type ClientGroupDocument = NonNullable<ReturnType<typeof clientGroup.read>>
