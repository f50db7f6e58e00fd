import { expect, test } from 'vitest'
import { follow } from '../../../test/support/planner.ts'
import { endpoint, nodeOne, port, service, slice } from '../../../test/support/services.ts'
import { NODEPORTS, SERVICES } from './chains.ts'
import { frontendOf, isShared, servesBackends } from './identity.ts'
import { createIptablesPlane } from './index.ts'
import { asCompiled, nfacct } from './nfacct.ts'
import { ruleObject } from './objects.ts'

const world = (ready: boolean) => {
  const { planner, put, putSlice, start } = follow({
    ...nodeOne,
    nodePortAddresses: ['192.168.0.2/32'],
    localhostNodePorts: true,
    nfacct: true,
  })
  put(
    service({
      clusterIPs: ['172.30.0.41', 'fd00:172::41'],
      type: 'LoadBalancer',
      externalIPs: ['198.51.100.7', '2001:db8:e::7'],
      loadBalancerIngress: [{ ip: '198.51.100.20', ipMode: 'VIP' }],
      loadBalancerSourceRanges: ['203.0.113.0/24'],
      healthCheckNodePort: 32_000,
      ports: [port({ nodePort: 30_080 }), port({ name: 'dns', protocol: 'UDP', port: 53 })],
    }),
  )
  if (ready) {
    const ports = [
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: 'dns', protocol: 'UDP', port: 5353 },
    ] as const
    putSlice(slice([endpoint('10.0.1.10')], { ports }))
    putSlice(slice([endpoint('fd00:10:1::10')], { ports, name: 'web-6' }))
  }
  start()
  return planner
}

test.each([true, false])('the frontend of every rule that dials one is told from its text (endpoints: %s)', (ready) => {
  const plane = createIptablesPlane()
  const planner = world(ready)
  const told = new Set<string>()
  for (const frontend of planner.frontends.values()) {
    const { objects } = plane.compile(frontend, planner.node)
    expect(servesBackends(objects)).toBe(ready)
    for (const object of objects) {
      const key = frontendOf(object)
      if (key !== null) told.add(key)
      expect([object.key, key ?? frontend.key]).toEqual([object.key, frontend.key])
      if (isShared(object)) expect(key).toBeNull()
    }
  }
  expect([...told].sort()).toEqual([...planner.frontends.keys()].sort())
})

test('a comment may say what it likes, and others’ rules are nobody’s', () => {
  const at = { family: 'ip', table: 'nat', chain: SERVICES } as const
  const sly =
    '-d 10.96.0.1/32 -p tcp -m comment --comment "x -d 10.96.0.2/32 --dport 99 \\" -p udp" -m tcp --dport 80 -j X'
  expect(frontendOf(ruleObject(at, sly, 'head'))).toBe('10.96.0.1:80/TCP')
  for (const rule of ['-j ACCEPT', '-p icmp -j X', '-d fd00::1/128 -p tcp -m tcp --dport 80 -j X'])
    expect(frontendOf(ruleObject(at, rule, 'head'))).toBeNull()
  const health = ruleObject(
    { ...at, table: 'filter', chain: NODEPORTS },
    '-p tcp -m tcp --dport 32000 -j ACCEPT',
    'tail',
  )
  expect(frontendOf(health)).toBeNull()
})

test('what libxt_nfacct prints is what was compiled', () => {
  expect(asCompiled(nfacct('x').replace('name x', 'name  x'))).toBe(nfacct('x'))
})
