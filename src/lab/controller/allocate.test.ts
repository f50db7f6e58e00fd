import { describe, expect, it } from 'vitest'
import { Faults } from '../../sources/faults.ts'
import type { Raw } from '../../sources/fields.ts'
import { parseObject } from '../../sources/objects.ts'
import { allocate } from './allocate.ts'
import { type LabService, readLabService, serviceManifest } from './service.ts'

const service = (name: string, spec: Raw = {}): LabService =>
  readLabService({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }, new Faults())

const only = (spec: Raw): LabService | undefined => allocate([service('web', spec)]).services[0]

describe('cluster IPs', () => {
  it('are IPv4 alone unless more is asked for', () => {
    expect(only({})).toMatchObject({ clusterIPs: ['10.96.1.0'], ipFamilies: ['IPv4'] })
    expect(only({ ipFamilies: ['IPv6'] })).toMatchObject({ clusterIPs: ['fd00:10:96::100'], ipFamilies: ['IPv6'] })
    expect(only({ ipFamilyPolicy: 'SingleStack' })?.clusterIPs).toHaveLength(1)
  })

  it.each(['PreferDualStack', 'RequireDualStack'])('%s: both, the first family first', (ipFamilyPolicy) => {
    expect(only({ ipFamilyPolicy })?.ipFamilies).toEqual(['IPv4', 'IPv6'])
    expect(only({ ipFamilyPolicy, ipFamilies: ['IPv6'] })?.clusterIPs).toEqual(['fd00:10:96::100', '10.96.1.0'])
  })

  it('keep what the author asked for, whoever comes first', () => {
    const { services } = allocate([service('a'), service('b', { clusterIP: '10.96.1.0' })])
    expect(services.map(({ clusterIPs }) => clusterIPs)).toEqual([['10.96.1.1'], ['10.96.1.0']])
  })

  it('of two that ask for one address the second is left out, by name', () => {
    const { services, notes } = allocate([
      service('a', { clusterIP: '10.96.0.9' }),
      service('b', { clusterIP: '10.96.0.9' }),
    ])
    expect(services.map(({ name }) => name)).toEqual(['a'])
    expect(notes).toEqual(['Service default/b: clusterIP 10.96.0.9 is taken; the Service is left out'])
  })

  it('of another cluster are replaced, by name', () => {
    const { services, notes } = allocate([service('a', { clusterIP: '172.20.0.1' })])
    expect(services[0]?.clusterIPs).toEqual(['10.96.1.0'])
    expect(notes[0]).toContain('172.20.0.1')
  })

  it('are none for headless Services and ExternalName', () => {
    expect(only({ clusterIP: 'None' })?.clusterIPs).toEqual([])
    expect(only({ type: 'ExternalName', externalName: 'example.org' })?.clusterIPs).toEqual([])
  })
})

describe('node ports', () => {
  it('are given to NodePort and LoadBalancer alone', () => {
    const ports = (spec: Raw) => only(spec)?.ports.map(({ nodePort }) => nodePort)
    expect(ports({})).toEqual([0])
    expect(ports({ type: 'NodePort' })).toEqual([30086])
    expect(ports({ type: 'LoadBalancer' })).toEqual([30086])
    expect(ports({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })).toEqual([0])
  })

  it('are one for a port number with two protocols', () => {
    const dns = [
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'tcp', port: 53, protocol: 'TCP' },
      { name: 'web', port: 80 },
    ]
    expect(only({ type: 'NodePort', ports: dns })?.ports.map(({ nodePort }) => nodePort)).toEqual([30086, 30086, 30087])
  })

  it('keep what the author asked for and refuse what is taken or out of range', () => {
    const wish = (nodePort: number): Raw => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] })
    const { services, notes } = allocate([
      service('a', wish(30090)),
      service('b', wish(30090)),
      service('c', wish(80)),
      service('d', { type: 'NodePort' }),
    ])
    expect(services.map(({ name, ports }) => [name, ports[0]?.nodePort])).toEqual([
      ['a', 30090],
      ['d', 30086],
    ])
    expect(notes).toEqual([
      'Service default/b: nodePort 30090 is taken; the Service is left out',
      'Service default/c: nodePort 80 is not in 30000-32767; the Service is left out',
    ])
  })

  it('of health checks are for load balancers with policy Local', () => {
    expect(only({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' })?.healthCheckNodePort).toBe(30087)
    expect(only({ type: 'LoadBalancer' })?.healthCheckNodePort).toBe(0)
    expect(only({ type: 'NodePort', externalTrafficPolicy: 'Local' })?.healthCheckNodePort).toBe(0)
  })
})

describe('the manifest', () => {
  it('is read without a problem and says what was allocated', () => {
    const [made] = allocate([
      service('web', {
        type: 'LoadBalancer',
        ipFamilyPolicy: 'RequireDualStack',
        sessionAffinity: 'ClientIP',
        externalTrafficPolicy: 'Local',
        loadBalancerSourceRanges: ['192.168.0.0/16'],
      }),
    ]).services
    if (made === undefined) throw new Error('not allocated')
    const { object, problems } = parseObject(serviceManifest(made, { 'evenkeel.io/scheduler': 'sh' }), () => 'test')
    expect(problems).toEqual([])
    expect(object?.value).toMatchObject({
      type: 'LoadBalancer',
      clusterIPs: ['10.96.1.0', 'fd00:10:96::100'],
      ports: [{ port: 80, nodePort: 30086 }],
      loadBalancerIngress: [{ ip: '192.168.88.1' }, { ip: 'fd00:88::1' }],
      loadBalancerSourceRanges: ['192.168.0.0/16'],
      externalTrafficPolicy: 'Local',
      affinitySeconds: 10800,
      healthCheckNodePort: 30087,
      scheduler: 'sh',
    })
  })
})
