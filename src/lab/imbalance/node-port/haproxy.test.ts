import { expect, test } from 'vitest'
import { haproxyConfig } from './haproxy.ts'

test('each listener with its servers, asked for their health where they are to be', () => {
  const text = haproxyConfig(
    [
      {
        name: 'rr-0',
        port: 9000,
        servers: [{ name: 'node-0', address: '192.168.77.10', port: 30086, healthPort: null }],
      },
      {
        name: 'rr-1',
        port: 9001,
        servers: [{ name: 'node-0', address: 'fd00:77::10', port: 30087, healthPort: 30088 }],
      },
    ],
    '/run/balancer.sock',
  )
  expect(text).toContain('stats socket /run/balancer.sock mode 600')
  expect(text.slice(text.indexOf('listen'))).toBe(`listen rr-0
  bind :9000
  balance roundrobin
  server node-0 192.168.77.10:30086
listen rr-1
  bind :9001
  balance roundrobin
  option httpchk GET /healthz
  http-check expect status 200
  server node-0 [fd00:77::10]:30087 check port 30088 inter 200ms rise 1 fall 2
`)
})
