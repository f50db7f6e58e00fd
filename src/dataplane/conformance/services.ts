import { dropped, masqueraded, reaches, rejected, servicePort, untouched } from './objects.ts'
import { row, type Row } from './row.ts'
import { NODE_PORT } from './topology.ts'

const named = (proxy: string) => ({ labels: { 'service.kubernetes.io/service-proxy-name': proxy } })
const api = { name: 'api' }

/** Which Services are ours, and what happens when two want the same. */
export const serviceRows: readonly Row[] = [
  row('a headless Service and its endpoints are left alone', (c) => ({
    objects: [c.service({ clusterIP: 'None' }), c.slice([c.near])],
    packets: [c.dial(c.pod, c.clusterIP, dropped), c.dial(c.pod, c.near.addresses[0], untouched, 8080)],
  })),
  row('a Service labelled headless is left alone, though it has a cluster IP', (c) => ({
    objects: [c.service({}, { labels: { 'service.kubernetes.io/headless': '' } }), c.slice([c.near])],
    packets: [c.dial(c.pod, c.clusterIP, dropped)],
  })),
  row('an ExternalName Service is left alone, whatever else it says', (c) => ({
    objects: [
      c.service({ type: 'ExternalName', externalName: 'elsewhere.example', externalIPs: [c.externalIP] }),
      c.slice([c.near]),
    ],
    packets: [c.dial(c.outside, c.externalIP, untouched), c.dial(c.pod, c.clusterIP, dropped)],
  })),
  row('a Service of another proxy is left alone', (c) => ({
    objects: [c.service({ externalIPs: [c.externalIP] }, named('other')), c.slice([c.near])],
    packets: [c.dial(c.outside, c.externalIP, untouched), c.dial(c.pod, c.clusterIP, dropped)],
  })),
  row('beside another proxy: our own Services are served, its Services and its addresses are not touched', (c) => ({
    needs: ['beside'],
    settings: { proxyName: 'evenkeel' },
    objects: [
      c.service({}, named('evenkeel')),
      c.slice([c.near, c.far]),
      c.service({ clusterIP: c.otherClusterIP }, api),
      c.slice([c.far2], { name: 'api-1', service: 'api' }),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.far])),
      c.dial(c.pod, c.clusterIP, rejected, 81),
      c.dial(c.pod, c.otherClusterIP, untouched),
      c.dial(c.pod, c.unusedServiceAddress, untouched),
    ],
  })),
  row('beside another proxy: refusals and source ranges', (c) => ({
    needs: ['beside'],
    settings: { proxyName: 'evenkeel' },
    objects: [
      {
        ...c.everywhere({ loadBalancerSourceRanges: [c.outsideRange] }),
        metadata: { namespace: 'shop', name: 'web', ...named('evenkeel') },
      },
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, rejected),
      c.dial(c.pod, c.balancer, dropped),
      c.dial(c.outside, c.balancer, rejected),
      c.dial(c.outside, c.node, rejected, NODE_PORT),
    ],
  })),
  row('a Service without a cluster IP in this family is not served in it', (c) => ({
    objects: [
      c.service({ clusterIP: c.family === 'IPv4' ? 'fd00:172::41' : '172.30.0.41', externalIPs: [c.externalIP] }),
      c.slice([c.near]),
    ],
    packets: [c.dial(c.outside, c.externalIP, untouched), c.dial(c.pod, c.clusterIP, dropped)],
  })),
  row('a dual-stack Service is served in each family by that family’s endpoints', (c) => ({
    objects: [
      c.service({
        clusterIP: c.clusterIP,
        clusterIPs: [c.clusterIP, c.family === 'IPv4' ? 'fd00:172::41' : '172.30.0.41'],
      }),
      c.slice([c.near, c.far]),
      { ...c.slice([], { name: 'web-other' }), addressType: c.family === 'IPv4' ? 'IPv6' : 'IPv4' },
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(
        c.family === 'IPv4' ? 'fd00:10:1::9' : '10.0.1.9',
        c.family === 'IPv4' ? 'fd00:172::41' : '172.30.0.41',
        rejected,
      ),
    ],
  })),
  row('two Services on two addresses do not mix', (c) => ({
    objects: [
      c.service(),
      c.slice([c.near]),
      c.service({ clusterIP: c.otherClusterIP }, api),
      c.slice([c.far], { name: 'api-1', service: 'api' }),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near])), c.dial(c.pod, c.otherClusterIP, reaches([c.far]))],
  })),
  row('two Services on one node port: the older keeps it, the other is reported', (c) => ({
    problems: ['Service shop/api'],
    objects: [
      c.service(
        { type: 'NodePort', ports: [servicePort({ nodePort: NODE_PORT })] },
        { creationTimestamp: '2026-01-01T00:00:00Z' },
      ),
      c.slice([c.near]),
      c.service(
        { type: 'NodePort', clusterIP: c.otherClusterIP, ports: [servicePort({ nodePort: NODE_PORT })] },
        { ...api, creationTimestamp: '2026-02-01T00:00:00Z' },
      ),
      c.slice([c.far], { name: 'api-1', service: 'api' }),
    ],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.near]), NODE_PORT),
      c.dial(c.pod, c.otherClusterIP, reaches([c.far])),
    ],
  })),
  row('two Services on one external IP and port, of unknown age: the first by name keeps it', (c) => ({
    problems: ['Service shop/web'],
    objects: [
      c.service({ externalIPs: [c.externalIP] }),
      c.slice([c.near]),
      c.service({ clusterIP: c.otherClusterIP, externalIPs: [c.externalIP] }, api),
      c.slice([c.far], { name: 'api-1', service: 'api' }),
    ],
    packets: [c.dial(c.outside, c.externalIP, masqueraded([c.far])), c.dial(c.pod, c.clusterIP, reaches([c.near]))],
  })),
  row('nobody takes another’s cluster IP by an external IP, however old', (c) => ({
    problems: ['Service shop/api'],
    objects: [
      c.service({}, { creationTimestamp: '2026-02-01T00:00:00Z' }),
      c.slice([c.near]),
      c.service(
        { clusterIP: c.otherClusterIP, externalIPs: [c.clusterIP] },
        { ...api, creationTimestamp: '2025-01-01T00:00:00Z' },
      ),
      c.slice([c.far], { name: 'api-1', service: 'api' }),
    ],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near])), c.dial(c.outside, c.clusterIP, masqueraded([c.near]))],
  })),
  row('an unused port of a cluster IP that is also another’s external IP', (c) => ({
    objects: [
      c.service(),
      c.slice([c.near]),
      c.service({ clusterIP: c.otherClusterIP, externalIPs: [c.clusterIP], ports: [servicePort({ port: 82 })] }, api),
      c.slice([c.far], { name: 'api-1', service: 'api' }),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near])),
      c.dial(c.pod, c.clusterIP, masqueraded([c.far]), 82),
      c.dial(c.pod, c.clusterIP, rejected, 83),
    ],
  })),
]
