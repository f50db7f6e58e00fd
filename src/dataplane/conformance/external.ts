import { dropped, masqueraded, reaches, rejected, untouched } from './objects.ts'
import { row, type Row } from './row.ts'
import { NODE_PORT } from './topology.ts'

const bits = (address: string): number => (address.includes(':') ? 128 : 32)

/** Node ports, external IPs and load balancers under externalTrafficPolicy Cluster. */
export const externalRows: readonly Row[] = [
  row('every way in from outside leads everybody to every endpoint, masqueraded', (c) => ({
    objects: [c.everywhere(), c.slice([c.near, c.far])],
    packets: [c.pod, c.node, c.outside].flatMap((from) => [
      c.dial(from, c.node, masqueraded([c.near, c.far]), NODE_PORT),
      c.dial(from, c.externalIP, masqueraded([c.near, c.far])),
      c.dial(from, c.balancer, masqueraded([c.near, c.far])),
    ]),
  })),
  row('a node port is open on all addresses of the node, and nowhere else', (c) => ({
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, masqueraded([c.far]), NODE_PORT),
      c.dial(c.pod, c.secondNodeAddress, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.node, untouched, 80),
      c.dial(c.outside, c.externalIP, untouched, NODE_PORT),
      c.dial(c.outside, c.balancer, untouched, NODE_PORT),
      c.dial(c.pod, c.clusterIP, rejected, NODE_PORT),
    ],
  })),
  row('nodePortAddresses: open on the given addresses alone', (c) => ({
    settings: { nodePortAddresses: [`${c.node}/${bits(c.node)}`] },
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, untouched, NODE_PORT),
      c.dial(c.pod, c.secondNodeAddress, untouched, NODE_PORT),
      c.dial(c.outside, c.balancer, masqueraded([c.far])),
    ],
  })),
  row('nodePortAddresses: a refused node port is refused on the given addresses alone', (c) => ({
    settings: { nodePortAddresses: [`${c.node}/${bits(c.node)}`] },
    objects: [c.everywhere()],
    packets: [
      c.dial(c.outside, c.node, rejected, NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, untouched, NODE_PORT),
    ],
  })),
  row('nodePortAddresses: several CIDRs, one of them wide', (c) => ({
    settings: { nodePortAddresses: [c.strangeRange, `${c.secondNodeAddress}/${bits(c.node) / 2}`] },
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [c.dial(c.outside, c.secondNodeAddress, masqueraded([c.far]), NODE_PORT)],
  })),
  row('nodePortAddresses: everything', (c) => ({
    settings: { nodePortAddresses: ['0.0.0.0/0', '::/0'] },
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, masqueraded([c.far]), NODE_PORT),
    ],
  })),
  row('nodePortAddresses of the other family say nothing about this one', (c) => ({
    settings: { nodePortAddresses: [c.family === 'IPv4' ? '2001:db8:1::2/128' : '192.168.0.2/32'] },
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, masqueraded([c.far]), NODE_PORT),
    ],
  })),
  row('nodePortAddresses primary: the first address of each family', (c) => ({
    settings: { nodePortAddresses: ['primary'] },
    objects: [c.everywhere(), c.slice([c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT),
      c.dial(c.outside, c.secondNodeAddress, untouched, NODE_PORT),
    ],
  })),
  row('ipMode Proxy: the balancer itself must see the traffic', (c) => ({
    objects: [
      c.everywhere({}, [
        { ip: c.balancer, ipMode: 'Proxy' },
        { ip: c.otherBalancer, ipMode: 'VIP' },
        { hostname: 'balancer.example' },
      ]),
      c.slice([c.near, c.far]),
    ],
    packets: [
      c.dial(c.pod, c.balancer, untouched),
      c.dial(c.node, c.balancer, untouched),
      c.dial(c.outside, c.otherBalancer, masqueraded([c.near, c.far])),
    ],
  })),
  row('source ranges: who is not in one is dropped at the balancer, and only there', (c) => ({
    objects: [c.everywhere({ loadBalancerSourceRanges: [c.outsideRange] }), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.balancer, masqueraded([c.near, c.far])),
      c.dial(c.pod, c.balancer, dropped),
      c.dial(c.node, c.balancer, dropped),
      c.dial(c.pod, c.externalIP, masqueraded([c.near, c.far])),
      c.dial(c.pod, c.node, masqueraded([c.near, c.far]), NODE_PORT),
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.pod, c.balancer, untouched, 81),
    ],
  })),
  row('source ranges of elsewhere drop the outside; spaces around a range do not matter', (c) => ({
    objects: [c.everywhere({ loadBalancerSourceRanges: [` ${c.strangeRange} `, c.nodeRange] }), c.slice([c.far])],
    packets: [c.dial(c.outside, c.balancer, dropped), c.dial(c.node, c.balancer, masqueraded([c.far]))],
  })),
  row('source ranges that let the node in let in the balancer’s own address', (c) => ({
    objects: [
      c.everywhere({ loadBalancerSourceRanges: [c.nodeRange] }, [{ ip: c.balancer }, { ip: c.otherBalancer }]),
      c.slice([c.far]),
    ],
    packets: [
      c.dial(c.balancer, c.balancer, masqueraded([c.far])),
      c.dial(c.otherBalancer, c.balancer, masqueraded([c.far])),
      c.dial(c.outside, c.balancer, dropped),
    ],
  })),
  row('source ranges without the node: the balancer’s own address is a stranger', (c) => ({
    objects: [c.everywhere({ loadBalancerSourceRanges: [c.outsideRange] }), c.slice([c.far])],
    packets: [c.dial(c.balancer, c.balancer, dropped)],
  })),
  row('source ranges come before refusal: a stranger learns nothing', (c) => ({
    objects: [c.everywhere({ loadBalancerSourceRanges: [c.outsideRange] })],
    packets: [
      c.dial(c.outside, c.balancer, rejected),
      c.dial(c.pod, c.balancer, dropped),
      c.dial(c.pod, c.externalIP, rejected),
    ],
  })),
  row('source ranges of the other family alone restrict nobody here', (c) => ({
    objects: [
      c.everywhere({ loadBalancerSourceRanges: [c.family === 'IPv4' ? '2001:db8:bad::/48' : '192.0.2.0/24'] }),
      c.slice([c.far]),
    ],
    packets: [c.dial(c.outside, c.balancer, masqueraded([c.far]))],
  })),
  row('an external IP that is also the balancer’s address stays under its source ranges', (c) => ({
    objects: [
      c.everywhere({ externalIPs: [c.balancer], loadBalancerSourceRanges: [c.outsideRange] }),
      c.slice([c.far]),
    ],
    packets: [c.dial(c.outside, c.balancer, masqueraded([c.far])), c.dial(c.pod, c.balancer, dropped)],
  })),
  row('an external IP that is an address of the node', (c) => ({
    objects: [c.service({ externalIPs: [c.secondNodeAddress] }), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.secondNodeAddress, masqueraded([c.near, c.far])),
      c.dial(c.pod, c.secondNodeAddress, masqueraded([c.near, c.far])),
      c.dial(c.outside, c.node, untouched),
      c.dial(c.outside, c.secondNodeAddress, untouched, 81),
    ],
  })),
  row('external traffic is masqueraded with no clusterCIDR too', (c) => ({
    settings: { clusterCIDRs: [] },
    objects: [c.everywhere(), c.slice([c.near, c.far])],
    packets: [
      c.dial(c.outside, c.node, masqueraded([c.near, c.far]), NODE_PORT),
      c.dial(c.outside, c.balancer, masqueraded([c.near, c.far])),
      c.dial(c.node, c.externalIP, masqueraded([c.near, c.far])),
    ],
  })),
  {
    ...row('localhostNodePorts: a node port is open on loopback addresses, for the node itself', (c) => ({
      needs: ['localhostNodePorts'],
      kernel: 'route_localnet is for the agent to set',
      settings: { localhostNodePorts: true },
      objects: [c.everywhere(), c.slice([c.near, c.far])],
      packets: [
        c.dial('127.0.0.1', '127.0.0.1', masqueraded([c.near, c.far]), NODE_PORT),
        c.dial('127.0.0.1', '127.7.7.7', masqueraded([c.near, c.far]), NODE_PORT),
        c.dial('127.0.0.1', '127.0.0.1', untouched),
      ],
    })),
    families: ['IPv4'],
  },
  {
    ...row('localhostNodePorts, and nodePortAddresses that leave loopback out', (c) => ({
      needs: ['localhostNodePorts'],
      kernel: 'route_localnet is for the agent to set',
      settings: { localhostNodePorts: true, nodePortAddresses: [`${c.node}/32`] },
      objects: [c.everywhere(), c.slice([c.near, c.far])],
      packets: [c.dial('127.0.0.1', '127.0.0.1', untouched, NODE_PORT)],
    })),
    families: ['IPv4'],
  },
]
