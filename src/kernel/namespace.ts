import { KernelError } from './errors.ts'
import { errnoName } from './errno.ts'
import { loadLibc } from './libc.ts'

const CLONE_NEWNET = 0x40000000

/**
 * Moves the calling thread into a new, empty network namespace, which ends with the process; there is no way back. For processes
 * that exist for one purpose, such as a test file's: everything that the main thread opens afterwards, children too, is inside.
 * @throws KernelError EPERM without CAP_SYS_ADMIN
 */
export async function enterPrivateNetwork(): Promise<void> {
  const libc = await loadLibc()
  if (libc.unshare(CLONE_NEWNET) === 0) return
  throw new KernelError({ operation: 'unshare network', errno: errnoName(libc.errno()), detail: 'needs root' })
}
