import { cpus } from 'node:os'
import { KernelError } from '../kernel/errors.ts'
import { CONNTRACK_HASHSIZE, type Sysctls } from '../kernel/sysctl.ts'
import type { Log } from '../util/log.ts'
import { inCidr } from '../model/address.ts'
import type { ConntrackSettings, ProxyConfig } from './config/types.ts'

/** A whole number that the kernel should hold. */
export interface KernelSetting {
  /** as Sysctls takes it */
  readonly name: string
  readonly value: number
  /** where everybody may read it, if that is elsewhere */
  readonly toldBy?: string
  /** what is higher already stays */
  readonly raiseOnly: boolean
  /** the field it comes from */
  readonly field: string
  /** the field's value that leaves it alone, default 0 */
  readonly off?: string
}

export interface SettingOutcome {
  readonly setting: KernelSetting
  /** set: written now; kept: it was so (or higher) already; failed: see `reason` */
  readonly outcome: 'set' | 'kept' | 'failed'
  /** what the kernel holds now; null: not known */
  readonly value: number | null
  /** '' or what hinders, and the cure */
  readonly reason: string
  /** nf_conntrack is not loaded: our own rules load it, so it is worth another try when they are in force */
  readonly later: boolean
}

/** kube-proxy's cap: more would cost memory on machines with very many CPUs */
const MOST_CONNECTIONS = 1_048_576

/** What kube-proxy sets (pkg/proxy/conntrack/sysctls.go), but nf_conntrack_max is never lowered (docs/decisions/0010-configuration.md). */
export const conntrackSettings = (conntrack: ConntrackSettings, cpuCount = cpus().length): readonly KernelSetting[] => {
  const settings: KernelSetting[] = []
  const add = (name: string, value: number | null, field: string, raiseOnly = false): void => {
    if (value !== null) settings.push({ name: `net/netfilter/${name}`, value, raiseOnly, field: `conntrack.${field}` })
  }
  const max = connectionsFor(conntrack, cpuCount)
  add('nf_conntrack_max', max, 'maxPerCore', true)
  if (max !== null)
    settings.push({
      name: CONNTRACK_HASHSIZE,
      toldBy: 'net/netfilter/nf_conntrack_buckets',
      value: Math.floor(max / 4),
      raiseOnly: true,
      field: 'conntrack.maxPerCore',
    })
  add('nf_conntrack_tcp_timeout_established', conntrack.tcpEstablishedTimeout, 'tcpEstablishedTimeout')
  add('nf_conntrack_tcp_timeout_close_wait', conntrack.tcpCloseWaitTimeout, 'tcpCloseWaitTimeout')
  add('nf_conntrack_tcp_be_liberal', conntrack.tcpBeLiberal ? 1 : null, 'tcpBeLiberal')
  add('nf_conntrack_udp_timeout', conntrack.udpTimeout, 'udpTimeout')
  add('nf_conntrack_udp_timeout_stream', conntrack.udpStreamTimeout, 'udpStreamTimeout')
  return settings
}

/** Node ports on loopback addresses need it (kube-proxy sets it too); the martian guard of KUBE-FIREWALL closes what it opens. */
export const localnetSettings = (
  config: Pick<ProxyConfig, 'localhostNodePorts' | 'nodePortAddresses'>,
): readonly KernelSetting[] => {
  const { localhostNodePorts, nodePortAddresses } = config
  const isOpen = nodePortAddresses === null || nodePortAddresses.some(isLoopbackRange)
  if (!localhostNodePorts || !isOpen) return []
  const name = 'net/ipv4/conf/all/route_localnet'
  return [{ name, value: 1, raiseOnly: true, field: 'iptables.localhostNodePorts', off: 'false' }]
}

const isLoopbackRange = (cidr: string): boolean => inCidr('127.0.0.1', cidr)

const connectionsFor = ({ maxPerCore, min }: ConntrackSettings, cpuCount: number): number | null => {
  if (maxPerCore === null) return null
  const scaled = maxPerCore * cpuCount
  return scaled > MOST_CONNECTIONS ? MOST_CONNECTIONS : Math.max(scaled, min)
}

/** Writes what differs. A setting that cannot be made hinders no other one and nothing else: traffic is served without it. */
export const applySettings = (settings: readonly KernelSetting[], sysctls: Sysctls): readonly SettingOutcome[] =>
  settings.map((setting) => {
    let found: number | null = null
    try {
      found = sysctls.read(setting.toldBy ?? setting.name)
      if (found === setting.value || (setting.raiseOnly && found > setting.value))
        return { setting, outcome: 'kept', value: found, reason: '', later: false }
      sysctls.write(setting.name, setting.value)
      return { setting, outcome: 'set', value: setting.value, reason: '', later: false }
    } catch (error) {
      const errno = error instanceof KernelError ? error.errno : ''
      return {
        setting,
        outcome: 'failed',
        value: found,
        reason: hindrance(setting, error, errno),
        later: errno === 'ENOENT',
      }
    }
  })

const hindrance = ({ name, value, field, off = '0' }: KernelSetting, error: unknown, errno: string): string => {
  const command = name.startsWith('/') ? `echo ${value} > ${name}` : `sysctl -w ${name.replaceAll('/', '.')}=${value}`
  switch (errno) {
    case 'ENOENT':
      return 'nf_conntrack is not loaded (modprobe nf_conntrack)'
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
      return `${errno}: it cannot be set from here: run \`evenkeel run --init-only\` in a privileged container, \`${command}\` on the host, or leave it alone with ${field}: ${off}`
    default:
      return `${error instanceof Error ? error.message : String(error)}; \`${command}\` on the host`
  }
}

/** One line for each setting that was made or could not be made. */
export const logSettings = (outcomes: readonly SettingOutcome[], log: Log): void => {
  for (const { setting, outcome, value, reason } of outcomes) {
    const { name, field } = setting
    if (outcome === 'failed')
      log.warn({ setting: name, wanted: setting.value, found: value, field, reason }, 'a kernel setting stays as it is')
    else if (outcome === 'set') log.info({ setting: name, value, field }, 'kernel setting made')
    else if (value !== setting.value)
      log.info({ setting: name, value, wanted: setting.value, field }, 'a kernel setting is higher already and stays')
  }
}
