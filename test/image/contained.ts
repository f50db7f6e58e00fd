import koffi from 'koffi'

/**
 * `node contained.ts ROOT UID CAPABILITIES PROGRAM ARG…`: becomes PROGRAM as a container runtime starts it (runc's libcontainer, as asked
 * by a container engine for Kubernetes): ROOT as root, no groups, CAPABILITIES (numbers with commas between) bounding, permitted and
 * effective, none inheritable or ambient, no_new_privs. Must run as root, in namespaces of its own.
 */
const [, , root = '', uid = '', capabilities = '', program = '', ...args] = process.argv

const libc = koffi.load(null)
const call = (prototype: string, ...values: readonly unknown[]): void => {
  const answer: unknown = libc.func(prototype)(...values)
  if (answer !== 0) throw new Error(`${prototype}: errno ${koffi.errno()}`)
}

const PR_SET_KEEPCAPS = 8
const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
/** CAP_CHECKPOINT_RESTORE (linux/capability.h) */
const LAST_CAP = 40
const wanted = capabilities.split(',').filter(Boolean).map(Number)
const prctl = (option: number, value: number): void =>
  call('int prctl(int, long, long, long, long)', option, value, 0, 0, 0)

process.chdir(root)
call('int chroot(const char *)', '.')
process.chdir('/')
for (let capability = 0; capability <= LAST_CAP; capability++)
  if (!wanted.includes(capability)) prctl(PR_CAPBSET_DROP, capability)
prctl(PR_SET_KEEPCAPS, 1)
process.setgroups?.([])
process.setgid?.(Number(uid))
process.setuid?.(Number(uid))
prctl(PR_SET_KEEPCAPS, 0)
const mask = wanted.reduce((bits, capability) => bits | (1n << BigInt(capability)), 0n)
const word = (index: number): number => Number((mask >> BigInt(32 * index)) & 0xffff_ffffn)
// _LINUX_CAPABILITY_VERSION_3; effective, permitted, inheritable, of the low and the high half
call(
  'int capset(const void *, const void *)',
  new Uint8Array(new Uint32Array([0x20080522, 0]).buffer),
  new Uint8Array(new Uint32Array([word(0), word(0), 0, word(1), word(1), 0]).buffer),
)
prctl(PR_SET_NO_NEW_PRIVS, 1)
process.execve?.(program, [program, ...args], { PATH: '/usr/bin:/usr/sbin', HOME: '/', NODE_NAME: 'node-a' })
