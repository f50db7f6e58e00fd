import type { Protocol } from '../../model/objects.ts'
import { dropped, hairpin, masqueraded, reaches, rejected, servicePort, slicePort, untouched } from './objects.ts'
import { row, type Row } from './row.ts'

/** Cluster IPs: who reaches what, and who is masqueraded. */
export const clusterIPRows: readonly Row[] = [
  row('a cluster IP leads everybody to every ready endpoint; strangers to the pod network are masqueraded', (c) => ({
    objects: [c.service(), c.slice([c.near, c.far, c.far2])],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far, c.far2])),
      c.dial(c.node, c.clusterIP, masqueraded([c.near, c.far, c.far2])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.far, c.far2])),
    ],
  })),
  row('masqueradeAll masquerades pods too', (c) => ({
    settings: { masqueradeAll: true },
    objects: [c.service(), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.pod, c.clusterIP, masqueraded([c.near, c.far])),
      c.dial(c.node, c.clusterIP, masqueraded([c.near, c.far])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.far])),
    ],
  })),
  row('without a clusterCIDR nobody is masqueraded at a cluster IP', (c) => ({
    settings: { clusterCIDRs: [] },
    objects: [c.service(), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.node, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.outside, c.clusterIP, reaches([c.near, c.far])),
    ],
  })),
  row('without a clusterCIDR masqueradeAll still masquerades', (c) => ({
    settings: { clusterCIDRs: [], masqueradeAll: true },
    objects: [c.service(), c.slice([c.far])],
    packets: [c.dial(c.outside, c.clusterIP, masqueraded([c.far])), c.dial(c.node, c.clusterIP, masqueraded([c.far]))],
  })),
  row('a pod that is sent to itself is masqueraded, and only then', (c) => ({
    objects: [c.service(), c.slice([c.near, c.near2, c.far])],
    packets: [
      c.dial(c.near.addresses[0], c.clusterIP, hairpin([c.near, c.near2, c.far])),
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.near2, c.far])),
    ],
  })),
  row('a Service whose only endpoint calls itself', (c) => ({
    objects: [c.service(), c.slice([c.near])],
    packets: [c.dial(c.near.addresses[0], c.clusterIP, masqueraded([c.near]))],
  })),
  row('a pod of another node that dials by way of this one and is the only endpoint', (c) => ({
    objects: [c.service(), c.slice([c.far])],
    packets: [c.dial(c.far.addresses[0], c.clusterIP, masqueraded([c.far]))],
  })),
  row('hairpin goes by the address: another port of the client itself counts', (c) => ({
    objects: [
      c.service({ ports: [servicePort(), servicePort({ name: 'admin', port: 81 })] }),
      c.slice([c.near], { ports: [slicePort(), slicePort({ name: 'admin', port: 8081 })] }),
    ],
    packets: [
      c.dial(c.near.addresses[0], c.clusterIP, masqueraded([c.near])),
      c.dial(c.near.addresses[0], c.clusterIP, masqueraded([c.near], 8081), 81),
    ],
  })),
  ...(['UDP', 'SCTP'] as const satisfies readonly Protocol[]).map((protocol) =>
    row(`${protocol} is routed as TCP is`, (c) => ({
      needs: protocol === 'SCTP' ? ['sctp'] : [],
      objects: [
        c.everywhere({ ports: [servicePort({ protocol, nodePort: 30080 })] }),
        c.slice([c.near, c.far], { ports: [slicePort({ protocol })] }),
      ],
      packets: [
        c.dial(c.pod, c.clusterIP, reaches([c.near, c.far]), 80, protocol),
        c.dial(c.node, c.clusterIP, masqueraded([c.near, c.far]), 80, protocol),
        c.dial(c.outside, c.node, masqueraded([c.near, c.far]), 30080, protocol),
        c.dial(c.outside, c.balancer, masqueraded([c.near, c.far]), 80, protocol),
        c.dial(c.pod, c.clusterIP, rejected, 80, 'TCP'),
      ],
    })),
  ),
  row('one port number in three protocols: three Service ports, each with its own endpoints', (c) => ({
    needs: ['sctp'],
    objects: [
      c.service({
        ports: [
          servicePort({ name: 't', port: 53, protocol: 'TCP' }),
          servicePort({ name: 'u', port: 53, protocol: 'UDP' }),
          servicePort({ name: 's', port: 53, protocol: 'SCTP' }),
        ],
      }),
      c.slice([c.near], { name: 'web-t', ports: [slicePort({ name: 't', protocol: 'TCP', port: 5301 })] }),
      c.slice([c.far], { name: 'web-u', ports: [slicePort({ name: 'u', protocol: 'UDP', port: 5302 })] }),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near], 5301), 53, 'TCP'),
      c.dial(c.pod, c.clusterIP, reaches([c.far], 5302), 53, 'UDP'),
      c.dial(c.pod, c.clusterIP, rejected, 53, 'SCTP'),
    ],
  })),
  row('ports are matched by name and protocol, and one name may be another number in each slice', (c) => ({
    objects: [
      c.service({ ports: [servicePort(), servicePort({ name: 'admin', port: 81 })] }),
      c.slice([c.near], {
        name: 'web-old',
        ports: [slicePort({ port: 8080 }), slicePort({ name: 'admin', port: 8081 })],
      }),
      c.slice([c.near], { name: 'web-new', ports: [slicePort({ port: 9090 })] }),
      c.slice([c.far], { name: 'web-udp', ports: [slicePort({ protocol: 'UDP', port: 7070 })] }),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, {
        ...reaches([c.near]),
        backends: [...(reaches([c.near], 8080).backends ?? []), ...(reaches([c.near], 9090).backends ?? [])],
      }),
      c.dial(c.pod, c.clusterIP, reaches([c.near], 8081), 81),
    ],
  })),
  row('an unnamed port', (c) => ({
    objects: [c.service({ ports: [{ port: 80 }] }), c.slice([c.far], { ports: [{ name: '', port: 8080 }] })],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far])), c.dial(c.outside, c.clusterIP, masqueraded([c.far]))],
  })),
  row('an unused port of a cluster IP is refused, an unused address of the ServiceCIDR leads nowhere', (c) => ({
    objects: [c.service(), c.slice([c.near])],
    packets: [
      c.dial(c.pod, c.clusterIP, rejected, 81),
      c.dial(c.node, c.clusterIP, rejected, 81),
      c.dial(c.outside, c.clusterIP, rejected, 81),
      c.dial(c.pod, c.clusterIP, rejected, 80, 'UDP'),
      c.dial(c.pod, c.unusedServiceAddress, dropped),
      c.dial(c.node, c.unusedServiceAddress, dropped),
      c.dial(c.outside, c.unusedServiceAddress, dropped, 443),
    ],
  })),
  row('what is no Service is left alone', (c) => ({
    objects: [c.everywhere(), c.slice([c.near])],
    packets: [
      c.dial(c.pod, c.far.addresses[0], untouched, 8080),
      c.dial(c.node, c.near.addresses[0], untouched, 8080),
      c.dial(c.outside, c.node, untouched, 22),
      c.dial(c.pod, c.outside, untouched, 443),
      c.dial(c.outside, c.balancer, untouched, 81),
      c.dial(c.outside, c.externalIP, untouched, 81),
    ],
  })),
  row('no endpoints at all: every way in is refused', (c) => ({
    objects: [c.everywhere()],
    packets: [
      c.dial(c.pod, c.clusterIP, rejected),
      c.dial(c.node, c.clusterIP, rejected),
      c.dial(c.outside, c.clusterIP, rejected),
      c.dial(c.pod, c.node, rejected, 30080),
      c.dial(c.outside, c.node, rejected, 30080),
      c.dial(c.node, c.externalIP, rejected),
      c.dial(c.outside, c.externalIP, rejected),
      c.dial(c.pod, c.balancer, rejected),
      c.dial(c.outside, c.balancer, rejected),
    ],
  })),
  row('endpoints of another family or another Service do not count', (c) => ({
    objects: [c.service(), c.slice([c.near], { service: 'other', name: 'other-1' })],
    packets: [c.dial(c.pod, c.clusterIP, rejected)],
  })),
]
