import { exec } from '../kernel/exec.ts'
import { namePrefix } from './cluster.ts'

/** Throws, with the cure, when this machine cannot hold a lab. */
export const checkRequirements = async (): Promise<void> => {
  if (process.platform !== 'linux') throw new Error(`a lab needs Linux network namespaces, this is ${process.platform}`)
  if (process.getuid?.() !== 0) throw new Error('a lab makes network namespaces, which needs root: run it with sudo')
  try {
    await exec('ip', ['-V'])
  } catch (cause) {
    throw new Error('a lab needs the command ip: apt-get install iproute2 (or your distribution’s iproute)', { cause })
  }
  const probe = `${namePrefix}0probe${process.pid}`
  try {
    await exec('ip', ['netns', 'add', probe])
  } catch (cause) {
    throw new Error(
      'this machine lets nobody make a network namespace; in a container it needs --privileged (or CAP_SYS_ADMIN and CAP_NET_ADMIN)',
      { cause },
    )
  }
  try {
    await exec('ip', ['-n', probe, 'link', 'add', 'bridge0', 'type', 'bridge'])
    await exec('ip', ['-n', probe, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1'])
  } catch (cause) {
    throw new Error('this kernel makes no bridge or veth: modprobe bridge veth', { cause })
  } finally {
    await exec('ip', ['netns', 'delete', probe], { accept: [1] })
  }
}
