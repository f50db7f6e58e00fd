import { errnoName } from '../errno.ts'
import { KernelError } from '../errors.ts'
import type { Libc } from '../libc.ts'

/** include/uapi/linux/bpf.h */
const BPF_PROG_GET_NEXT_ID = 11
const BPF_PROG_GET_FD_BY_ID = 13
const BPF_OBJ_GET_INFO_BY_FD = 15
/** struct bpf_prog_info up to and including `name` */
const PROG_INFO = 80
const NAME_AT = 64
const NAME = 16
/** lest programs that come faster than we look keep us for ever */
const AT_MOST = 10_000

/**
 * Names of all eBPF programs that are loaded on this machine, cut to 15 characters by the kernel, each once.
 * @throws KernelError EPERM without CAP_SYS_ADMIN (ids of programs), ENOSYS where bpf(2) is filtered or not there
 */
export const listProgramNames = (libc: Libc): readonly string[] => {
  const names = new Set<string>()
  const ids = Buffer.alloc(16)
  for (let count = 0; count < AT_MOST; count++) {
    if (libc.bpf(BPF_PROG_GET_NEXT_ID, ids, ids.length) < 0) {
      const errno = errnoName(libc.errno())
      if (errno === 'ENOENT') break
      const detail = errno === 'EPERM' ? 'needs CAP_SYS_ADMIN' : ''
      throw new KernelError({ operation: 'bpf list programs', errno, detail })
    }
    // the next id is where the next question starts
    ids.writeUInt32LE(ids.readUInt32LE(4), 0)
    const name = nameOf(libc, ids.readUInt32LE(0))
    if (name !== '') names.add(name)
  }
  return [...names].sort()
}

/** '' for one that has no name, or has gone meanwhile. */
const nameOf = (libc: Libc, id: number): string => {
  const request = Buffer.alloc(16)
  request.writeUInt32LE(id)
  const fd = libc.bpf(BPF_PROG_GET_FD_BY_ID, request, 12)
  if (fd < 0) return ''
  try {
    const info = Buffer.alloc(PROG_INFO)
    const question = Buffer.alloc(16)
    question.writeUInt32LE(fd)
    question.writeUInt32LE(PROG_INFO, 4)
    question.writeBigUInt64LE(libc.addressOf(info), 8)
    if (libc.bpf(BPF_OBJ_GET_INFO_BY_FD, question, question.length) < 0) return ''
    const end = info.indexOf(0, NAME_AT)
    return info.toString('latin1', NAME_AT, Math.min(end < 0 ? NAME_AT + NAME : end, NAME_AT + NAME))
  } finally {
    libc.close(fd)
  }
}
