import { type Check, finding } from '../check.ts'
import { parseRelease } from './kernel.ts'

const CAP_NET_ADMIN = 1n << 12n
const STATUS = '/proc/self/status'

/** `Name:\tvalue` of /proc/self/status. */
const field = (lines: readonly string[], name: string): string | null =>
  lines
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim() ?? null

export const netAdmin: Check = (sight) => {
  const effective = field(sight.lines(STATUS), 'CapEff')
  if (effective === null || (BigInt(`0x${effective}`) & CAP_NET_ADMIN) !== 0n) return []
  return [
    finding('no-net-admin', {
      summary: 'CAP_NET_ADMIN is missing: nftables and conntrack cannot be read or written',
      evidence: [{ source: STATUS, found: `CapEff ${effective}` }],
      cure: 'run as root, or give the container securityContext.capabilities.add: [NET_ADMIN]',
    }),
  ]
}

/** Root of a user namespace has capabilities only over what belongs to that namespace. */
export const userNamespace: Check = (sight) => {
  const [first] = sight.lines('/proc/self/uid_map')
  if (first === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(first)) return []
  return [
    finding('user-namespace', {
      summary: 'this is root of a user namespace only: the network of the node belongs to another one',
      evidence: [{ source: '/proc/self/uid_map', found: first.trim().replace(/\s+/g, ' ') }],
      cure: 'run it outside (a pod with hostNetwork needs hostUsers: true)',
    }),
  ]
}

export const seccomp: Check = (sight) => {
  const mode = field(sight.lines(STATUS), 'Seccomp')
  if (mode === null || mode === '0') return []
  return [
    finding('seccomp', {
      summary:
        'system calls are filtered: netlink sockets must be allowed, and bpf(2) where eBPF is to be seen or used',
      evidence: [{ source: STATUS, found: `Seccomp ${mode} (${mode === '2' ? 'filter' : 'strict'})` }],
      cure: 'seccompProfile RuntimeDefault is enough for the nftables plane',
    }),
  ]
}

/** Containers without privileges have /proc/sys read-only. */
export const readOnlySysctls: Check = (sight) => {
  const mount = sight
    .lines('/proc/self/mounts')
    .map((line) => line.split(' '))
    .filter(([, at = '']) => at === '/proc' || at === '/proc/sys')
    .findLast(([, at = '', , options = '']) => at !== '' && options !== '')
  const [, at = '', , options = ''] = mount ?? []
  if (!options.split(',').includes('ro')) return []
  return [
    finding('sysctls-read-only', {
      summary: '/proc/sys is read-only: the conntrack settings of the configuration cannot take effect',
      evidence: [{ source: '/proc/self/mounts', found: `${at} ${options}` }],
      cure: 'set net.netfilter.nf_conntrack_* on the node (/etc/sysctl.d), or mount the node’s /proc/sys/net writable',
    }),
  ]
}

export const cgroup2: Check = (sight) => {
  const mounts = sight.lines('/proc/self/mounts')
  if (mounts.length === 0 || mounts.some((line) => line.split(' ')[2] === 'cgroup2')) return []
  return [
    finding('no-cgroup2', {
      summary: 'no cgroup2 is mounted: the eBPF plane of a later version would have nowhere to attach',
      evidence: [{ source: '/proc/self/mounts', found: 'no mount of type cgroup2' }],
      cure: 'nothing now; later: mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with systemd.unified_cgroup_hierarchy=1',
    }),
  ]
}

/** Since 5.11 eBPF maps are charged to the cgroup instead (commit 3ac1f01b43b6). */
export const lockedMemory: Check = (sight) => {
  const release = sight.text('/proc/sys/kernel/osrelease')?.trim() ?? ''
  const limit = sight.lines('/proc/self/limits').find((line) => line.startsWith('Max locked memory'))
  const [soft] = limit?.slice('Max locked memory'.length).trim().split(/\s+/) ?? []
  const version = parseRelease(release)
  if (version === null || version >= 5.011 || soft === undefined || soft === 'unlimited') return []
  if (Number(soft) >= 64 << 20) return []
  return [
    finding('memlock', {
      summary: `only ${soft} bytes may be locked: the eBPF plane of a later version could not make its maps on kernel ${release}`,
      evidence: [{ source: '/proc/self/limits', found: limit?.replace(/\s+/g, ' ').trim() ?? '' }],
      cure: 'nothing now; later: LimitMEMLOCK=infinity, or a kernel from 5.11 on',
    }),
  ]
}
