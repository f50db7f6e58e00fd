/** linux/filter.h */
const BPF_LD_W_ABS = 0x20
const BPF_JMP_JEQ_K = 0x15
const BPF_RET_K = 0x06
/** of nlmsg_pid in struct nlmsghdr */
const PORT = 12
const EVERYTHING = 0xffffffff

/** Classic BPF (struct sock_filter: u16 code, u8 jt, u8 jf, u32 k) that drops datagrams whose first message has this port id. */
export const dropFrom = (portId: number): Uint8Array => {
  const program = Buffer.alloc(4 * 8)
  const put = (at: number, code: number, k: number, jumpIfFalse = 0): void => {
    program.writeUInt16LE(code, at * 8)
    program.writeUInt8(jumpIfFalse, at * 8 + 3)
    program.writeUInt32LE(k, at * 8 + 4)
  }
  put(0, BPF_LD_W_ABS, PORT)
  // loads are big-endian, netlink is of the machine
  put(1, BPF_JMP_JEQ_K, swapped(portId), 1)
  put(2, BPF_RET_K, 0)
  put(3, BPF_RET_K, EVERYTHING)
  return program
}

const swapped = (value: number): number => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes.readUInt32BE()
}
