import { virtualServices } from '../../kube-proxy/ipvs-services.ts'
import { IPVS_DEVICE } from '../../kube-proxy/names.ts'
import { processesNamed } from '../../node/processes.ts'
import type { NodeSight } from '../../node/sight.ts'
import { type Check, finding, isBeside } from '../check.ts'
import type { Code } from '../codes.ts'
import type { Evidence, Finding } from '../finding.ts'

const NET = '/sys/class/net'

/** A proxy that translates at sockets or devices with eBPF: before any rule of ours. */
interface EbpfProxy {
  readonly code: Code
  readonly name: string
  /** devices that come with it, whether it replaces kube-proxy or not */
  readonly devices: readonly string[]
  /** devices that only a replaced kube-proxy has */
  readonly certain: readonly string[]
  /** programs at the sockets' connect; the kernel keeps 15 characters of a name */
  readonly programs: RegExp
  readonly ask: string
  readonly turnOff: string
}

const ebpfProxies: readonly EbpfProxy[] = [
  {
    code: 'cilium-kube-proxy-replacement',
    name: 'Cilium',
    devices: ['cilium_host', 'cilium_net'],
    certain: [],
    programs: /^(?:cil_)?sock[46]_conn/,
    ask: 'cilium-dbg status | grep KubeProxyReplacement',
    turnOff: 'Cilium’s kubeProxyReplacement: false (and socketLB.enabled: false)',
  },
  {
    code: 'calico-ebpf',
    name: 'Calico’s eBPF data plane',
    devices: [],
    certain: ['bpfin.cali', 'bpfout.cali'],
    programs: /^cali(?:co)?_(?:connect|ctlb)/,
    ask: 'kubectl get felixconfiguration default -o jsonpath={.spec.bpfEnabled}',
    turnOff: 'Calico’s bpfEnabled: false',
  },
]

const present = (sight: NodeSight, devices: readonly string[]): readonly Evidence[] =>
  devices
    .filter((device) => sight.exists(`${NET}/${device}`))
    .map((device) => ({ source: `${NET}/${device}`, found: 'the device is there' }))

const ebpf =
  ({ code, name, devices, certain, programs, ask, turnOff }: EbpfProxy): Check =>
  async (sight, settings) => {
    const names = ((await sight.programNames()) ?? []).filter((program) => programs.test(program))
    const proof: readonly Evidence[] = [
      ...names.map((found) => ({ source: 'eBPF programs', found })),
      ...present(sight, certain),
    ]
    const signs = present(sight, devices)
    if (proof.length + signs.length === 0) return []
    const beside = isBeside(settings)
    const cure = beside
      ? `nothing, where ${name} leaves Services with a service-proxy-name alone, as it does by default`
      : `${turnOff}, or serve chosen Services beside it with --service-proxy-name; to look: ${ask}`
    if (proof.length > 0)
      return [
        finding(code, {
          severity: beside ? 'note' : 'fatal',
          summary: `${name} translates Service addresses before nftables sees a packet: our rules would serve nobody`,
          evidence: [...proof, ...signs],
          cure,
        }),
      ]
    return [
      finding(code, {
        severity: beside ? 'note' : 'warning',
        summary: `${name} is this node’s network and may translate Service addresses of pods itself, before our rules`,
        evidence: signs,
        cure,
      }),
    ]
  }

export const ebpfChecks: readonly Check[] = ebpfProxies.map(ebpf)

/** kube-router's service proxy: IPVS with addresses on a device of its own. */
export const kubeRouter: Check = (sight, settings) => {
  const signs = present(sight, ['kube-dummy-if'])
  const processes = processesNamed(sight, ['kube-router']).filter(({ sameNetwork }) => sameNetwork === true)
  if (signs.length === 0) return []
  const runs = processes.length > 0
  return [
    finding('kube-router', {
      severity: isBeside(settings) ? 'note' : runs ? 'fatal' : 'warning',
      summary: runs
        ? 'kube-router serves the same Services with IPVS'
        : 'kube-router’s Service addresses are on this node: if it runs, it serves the same Services',
      evidence: [...signs, ...processes.map(({ pid, name }) => ({ source: `/proc/${pid}/comm`, found: name }))],
      cure: 'kube-router --run-service-proxy=false; what it left behind: kube-router --cleanup-config',
    }),
  ]
}

export const loxilb: Check = (sight) => {
  const signs = [
    ...present(sight, ['llb0']),
    ...processesNamed(sight, ['loxilb'])
      .filter(({ sameNetwork }) => sameNetwork === true)
      .map(({ pid, name }) => ({ source: `/proc/${pid}/comm`, found: name })),
  ]
  if (signs.length === 0) return []
  return [
    finding('loxilb', {
      summary: 'LoxiLB translates LoadBalancer addresses with eBPF before our rules',
      evidence: signs,
      cure: 'let it serve only Services with its loadBalancerClass, and keep its addresses off Services that it does not serve',
    }),
  ]
}

/** IPVS of somebody else, such as keepalived. It comes after our translation, so it matters only where both know an address. */
export const foreignIpvs: Check = (sight) => {
  const known = present(sight, [IPVS_DEVICE, 'kube-dummy-if'])
  const services = known.length > 0 ? [] : virtualServices(sight)
  if (services.length === 0) return []
  const shown = services.slice(0, 5).map(({ protocol, address, port }) => `${protocol} ${address}:${port}`)
  const found: Finding = finding('ipvs-services', {
    summary: `${services.length} IPVS virtual services of others: an address that is a Service’s too never reaches them any more`,
    evidence: [{ source: '/proc/net/ip_vs', found: shown.join(', ') + (services.length > 5 ? ', …' : '') }],
    cure: 'keep their addresses apart from Services (ipvsadm -Ln lists them); evenkeel never touches them',
  })
  return [found]
}
