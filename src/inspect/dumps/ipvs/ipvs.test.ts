import { describe, expect, test } from 'vitest'
import { isOne, sum } from '../../../rules/fraction.ts'
import { cutDump } from '../cutting/cut.ts'
import { formatKey, type IpvsDestination, type IpvsService } from './model.ts'
import { readIpvsList } from './list.ts'
import { pickOf } from './odds.ts'
import { readIpvsSave } from './save.ts'
import { readDumps } from '../read.ts'
import { traceNode } from '../trace-node.ts'

const server = (port: number, weight: number | null, active: number | null = 0, inactive = 0): IpvsDestination => ({
  address: '10.1.0.1',
  port,
  forward: 'Masq',
  weight,
  active,
  inactive: active === null ? null : inactive,
  line: 1,
})

const service = (scheduler: string | null, ...destinations: IpvsDestination[]): IpvsService => ({
  key: { kind: 'address', protocol: 'TCP', address: '10.96.0.1', port: 80 },
  scheduler,
  flags: [],
  persistence: null,
  destinations,
  file: 'x',
  line: 1,
})

/** `port: odds` of everybody who may be picked */
const picked = (of: IpvsService): string => {
  const { shares } = pickOf(of)
  if (shares.length > 0) expect(isOne(sum(shares.map(({ odds }) => odds)))).toBe(true)
  return shares.map(({ destination, odds }) => `${destination.port}: ${odds.numerator}/${odds.denominator}`).join(', ')
}

describe('who gets the next connection', () => {
  test.each([
    ['rr', [server(1, 3), server(2, 1), server(3, 0)], '1: 1/2, 2: 1/2'],
    ['wrr', [server(1, 3), server(2, 1), server(3, 0)], '1: 3/4, 2: 1/4'],
    ['sh', [server(1, 1), server(2, 1), server(3, 1)], '1: 43/128, 2: 85/256, 3: 85/256'],
    ['sh', [server(1, 2), server(2, 1)], '1: 171/256, 2: 85/256'],
    ['lc', [server(1, 1, 2, 0), server(2, 1, 1, 200), server(3, 1, 1, 200)], '2: 1/1'],
    ['wlc', [server(1, 4, 4), server(2, 1, 2)], '1: 1/1'],
    ['sed', [server(1, 1, 0), server(2, 3, 2)], '1: 1/1'],
    ['nq', [server(1, 9, 1), server(2, 1, 0)], '2: 1/1'],
    ['fo', [server(1, 1), server(2, 9)], '2: 1/1'],
    ['lc', [server(1, 1, null), server(2, 1, null)], '1: 1/2, 2: 1/2'],
    ['rr', [server(1, 0)], ''],
    ['rr', [], ''],
  ])('%s', (scheduler, servers, odds) => {
    expect(picked(service(scheduler, ...servers))).toBe(odds)
  })

  test('what the listing does not settle is said', () => {
    expect(pickOf(service('lc', server(1, 1), server(2, 1))).conditions).toHaveLength(1)
    expect(pickOf(service(null, server(1, null), server(2, null))).unknown).toMatch(/ipvsadm -Ln/)
    expect(pickOf(service('mystery', server(1, 1), server(2, 1))).unknown).toBe('scheduler mystery')
    expect(pickOf(service('rr', server(1, 1), server(2, 1)))).toMatchObject({ conditions: [], unknown: '' })
  })
})

const part = (text: string) => {
  const [first] = cutDump({ name: 'x', text }).parts
  if (first === undefined) throw new Error('no part')
  return first
}

const listing = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  [fd00::1]:443 mh persistent 10800 (mh-fallback,mh-port)
  -> [fd00::10]:6443              Masq    1      2          3
UDP  10.96.0.10:0 rr ops
FWM  7 IPv6 wrr
  -> [fd00::11]:0                 Route   5      0          0
`

describe('listings', () => {
  test('ipvsadm -Ln', () => {
    expect(readIpvsList(part(listing))).toMatchObject({
      problems: [],
      services: [
        {
          key: { address: 'fd00::1', port: 443 },
          scheduler: 'mh',
          persistence: 10800,
          flags: ['mh-fallback', 'mh-port'],
          line: 4,
        },
        { key: { address: '10.96.0.10', port: 0, protocol: 'UDP' }, flags: ['ops'], destinations: [] },
        { key: { kind: 'mark', family: 'ip6', mark: 7 }, destinations: [{ forward: 'Route', weight: 5, line: 8 }] },
      ],
    })
  })

  test('ipvsadm -Sn', () => {
    const text =
      '-A -t 10.96.0.1:443 -s sh -p 600 -b sh-port\n-a -t 10.96.0.1:443 -r 10.0.0.5:6443 -m -w 2\n-A -f 9 -s rr\n-a -f 9 -r 10.0.0.6:80 -g -w 1\n'
    expect(readIpvsSave(part(text))).toMatchObject({
      problems: [],
      services: [
        {
          scheduler: 'sh',
          persistence: 600,
          flags: ['sh-port'],
          destinations: [{ port: 6443, forward: 'Masq', weight: 2, active: null }],
        },
        { key: { kind: 'mark', mark: 9 }, destinations: [{ forward: 'Route' }] },
      ],
    })
  })

  test.each([
    ['TCP  web.example:http rr', /a name instead of a number/],
    ['TCP  10.96.0.1:80 rr\n  -> 10.1.0.1:80  Masq 1', /is no line of ipvsadm/],
    ['TCP  10.96.0.1:80 rr\n  -> 10.1.0.1:80  Teleport 1 0 0', /is no line of ipvsadm/],
  ])('%o is told', (text, message) => {
    const { problems } = readIpvsList(part(`IP Virtual Server version 1.2.1 (size=4096)\n${text}\n`))
    expect(problems).toMatchObject([{ doubt: true, text: expect.stringMatching(message) as string }])
  })
})

describe('listings without -n, as people paste them', () => {
  const services = (text: string) =>
    readIpvsList(part(text)).services.map(({ key, destinations }) => `${formatKey(key)} ${destinations.length}`)

  test('names that every node knows are numbers', () => {
    expect(services('TCP  10.96.0.1:https rr\n  -> 10.1.0.1:domain Masq 1 0 0\n')).toEqual(['10.96.0.1:443/TCP 1'])
  })

  test('servers under a line that is no service belong to nobody', () => {
    expect(services('TCP  10.96.0.1:80 rr\nTCP  web.example:http rr\n  -> 10.1.0.1:80 Masq 1 0 0\n')).toEqual([
      '10.96.0.1:80/TCP 0',
    ])
  })
})

test('a server whose line is not understood: who else is there is a guess, and nobody is no refusal', async () => {
  const text = `TCP  10.96.0.1:80 rr
  -> web.exam:http Masq 1 0 0
  -> 10.1.0.2:80 Masq 1 0 0
TCP  10.96.0.2:80 rr
  -> web.exam:http Masq 1 0 0
`
  const trace = traceNode(await readDumps([{ name: 'f', text }]))
  const ask = (to: string) => {
    const { verdict, partial, backends } = trace({ from: '10.1.0.9', to, port: 80, protocol: 'TCP' })
    return [verdict, partial, ...backends.map(({ address }) => address)]
  }
  expect(ask('10.96.0.1')).toEqual(['dnat', true, '10.1.0.2'])
  expect(ask('10.96.0.2')).toEqual(['none', true])
})

describe('where IPVS meets the packet', () => {
  const addresses =
    '1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.0.1/24 scope global eth0\n5: kube-ipvs0    inet 10.96.0.1/32 scope global kube-ipvs0\n'
  const services = `IP Virtual Server version 1.2.1 (size=4096)
TCP  10.96.0.1:80 rr
  -> 10.1.0.1:8080 Masq 1 0 0
TCP  10.96.0.2:80 rr
  -> 10.1.0.1:8080 Masq 1 0 0
FWM  7 rr
  -> 10.1.0.7:8080 Masq 1 0 0
`
  const ask = async (to: string, more = '') => {
    const files = [services, addresses, more].filter((text) => text !== '').map((text, i) => ({ name: `f${i}`, text }))
    const { verdict, backends } = traceNode(await readDumps(files))({ from: '10.1.0.9', to, port: 80, protocol: 'TCP' })
    return `${verdict} ${backends.map(({ address }) => address).join()}`.trim()
  }

  test('at input: only where the address is the node’s own', async () => {
    expect(await ask('10.96.0.1')).toBe('dnat 10.1.0.1')
    expect(await ask('10.96.0.2')).toBe('none')
  })

  test('after prerouting: a mark that a rule sets there wins', async () => {
    const marks =
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.96.0.1/32 -j MARK --set-xmark 0x7/0xffffffff\nCOMMIT\n'
    expect(await ask('10.96.0.1', marks)).toBe('dnat 10.1.0.7')
  })

  test('after the filter table’s input, before postrouting', async () => {
    const drops = (chain: string): string =>
      `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A ${chain} -d 10.96.0.1/32 -j DROP\nCOMMIT\n`
    expect(await ask('10.96.0.1', drops('INPUT'))).toBe('drop')
    expect(await ask('10.96.0.1', drops('FORWARD'))).toBe('dnat 10.1.0.1')
  })
})
