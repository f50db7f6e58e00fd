import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enterPrivateNetwork } from '../../kernel/namespace.ts'
import { readLive } from './live.ts'
import { traceNode } from './trace-node.ts'

/** This file's process lives in a network namespace of its own, which ends with it. */
const run = (command: string, args: readonly string[], input = ''): string =>
  execFileSync(command, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], timeout: 30_000 })

const restore = (backEnd: 'nft' | 'legacy', text: string): string => run(`iptables-${backEnd}-restore`, [], text)

beforeAll(async () => {
  await enterPrivateNetwork()
  run('ip', ['link', 'set', 'lo', 'up'])
  run('ip', ['link', 'add', 'ek0', 'type', 'veth', 'peer', 'name', 'ek1'])
  run('ip', ['addr', 'add', '10.9.0.1/24', 'dev', 'ek0'])
  run('ip', ['link', 'set', 'ek0', 'up'])
})

afterEach(() => {
  run('nft', ['flush', 'ruleset'])
  for (const table of readFileSync('/proc/net/ip_tables_names', 'utf8').split('\n').filter(Boolean)) {
    run('iptables-legacy', ['-t', table, '-F'])
    run('iptables-legacy', ['-t', table, '-X'])
  }
})

const ask = async (to: string, port: number): Promise<string> => {
  const node = await readLive()
  const { verdict, partial, backends, conditions } = traceNode(node)({ from: '10.9.0.7', to, port, protocol: 'TCP' })
  const shares = backends.map(
    ({ address, probability }) => `${address} ${probability.numerator}/${probability.denominator}`,
  )
  return [verdict, ...(partial ? ['partial'] : []), ...shares, ...conditions].join('; ')
}

const service = `*nat
:KUBE-SVC-X - [0:0]
-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-X
-A PREROUTING -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j KUBE-SVC-X
-A KUBE-SVC-X -p tcp -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 10.1.0.1:8080
-A KUBE-SVC-X -p tcp -j DNAT --to-destination 10.1.0.2:8080
COMMIT
`

const thirds = '10.1.0.1 715827883/2147483648; 10.1.0.2 1431655765/2147483648'

describe('this node’s kernel', () => {
  test.each(['nft', 'legacy'] as const)('iptables-%s; the node’s own addresses are known', async (backEnd) => {
    restore(backEnd, service)
    expect(await ask('10.96.0.1', 80)).toBe(`dnat; ${thirds}`)
    expect(await ask('10.9.0.1', 30080)).toBe(`dnat; ${thirds}`)
    expect(await ask('10.9.0.2', 30080)).toBe('none')
  })

  test('both back ends and nft at once, each packet through all of them', async () => {
    restore('nft', service)
    restore('legacy', '*filter\n-A FORWARD -d 10.1.0.1/32 -j DROP\nCOMMIT\n')
    run(
      'nft',
      ['-f', '-'],
      'table ip mine { chain pre { type nat hook prerouting priority -105; tcp dport 81 dnat to 10.1.0.3:81\n}\n}\n',
    )
    expect(await ask('10.96.0.1', 80)).toBe(
      'dnat; 10.1.0.2 1431655765/2147483648; drop with probability 715827883/2147483648',
    )
    expect(await ask('10.96.0.9', 81)).toBe('dnat; 10.1.0.3 1/1')
  })

  test('which interface leads to the client is known from the routes', async () => {
    restore('nft', '*filter\n-A FORWARD -i ek0 -d 10.96.0.1/32 -j DROP\nCOMMIT\n')
    expect(await ask('10.96.0.1', 80)).toBe('drop')
  })

  test('reading loads no table of iptables-legacy', async () => {
    const before = readFileSync('/proc/net/ip_tables_names', 'utf8')
    await readLive()
    expect(readFileSync('/proc/net/ip_tables_names', 'utf8')).toBe(before)
  })
})
