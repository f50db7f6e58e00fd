import { type Check, finding, planeOf } from '../check.ts'

/** environment() of src/kernel/exec.ts adds the last two */
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
/** one of them is enough: src/kernel/iptables/programs.ts */
const programs = [
  'iptables-nft-restore',
  'iptables-legacy-restore',
  'xtables-nft-multi',
  'xtables-legacy-multi',
  'iptables-restore',
]

/** The plane writes its rules with iptables-restore. Which back end they belong to is found out at the start. */
export const iptablesPrograms: Check = (sight, settings) => {
  if (planeOf(settings) !== 'iptables') return []
  if (folders.some((folder) => programs.some((program) => sight.exists(`${folder}/${program}`)))) return []
  return [
    finding('no-iptables', {
      summary: 'the plane iptables writes its rules with iptables-restore, which is not installed',
      evidence: [{ source: folders.join(', '), found: `none of ${programs.join(', ')}` }],
      cure: 'install the distribution’s iptables package (1.6.2 or later; in the image, not on the node), or use --plane nftables',
    }),
  ]
}
