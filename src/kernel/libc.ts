/** bpf(2) has no function in libc. */
const BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 }

/** The few C functions that sockets need. A failing call answers −1; `errno()` right after it says why. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number
  /** `send` in a thread of libuv's pool: the event loop goes on meanwhile. Its errno is lost with the thread. */
  sendInThread(fd: number, bytes: Uint8Array, length: number, flags: number): Promise<number>
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number
  close(fd: number): number
  /** bpf(2); `attributes` is union bpf_attr as far as the command needs it */
  bpf(command: number, attributes: Uint8Array, length: number): number
  /** where the bytes lie, for structures that point at others; good while they are referenced */
  addressOf(bytes: Uint8Array): bigint
  /** of the calling thread */
  unshare(flags: number): number
  errno(): number
  /** calls back whenever `fd` can be read (libuv's poll); does not keep the process alive. The answer stops it. */
  whenReadable(fd: number, run: () => void): () => void
}

/** Binds them through koffi, which is loaded only now: commands that never touch the kernel do not pay for it. */
export async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  // null: the symbols of this process, so whichever libc Node itself runs on.
  const self = koffi.load(null)
  // libuv calls a poll that is open while Node takes itself apart, and koffi then aborts the process.
  const polls = new Set<() => void>()
  const stopAll = (): void => {
    for (const stop of polls) stop()
  }
  const syscall = self.func('long syscall(long, ...)')
  const send = self.func('intptr_t send(int, const void *, size_t, int)')
  return {
    socket: self.func('int socket(int, int, int)'),
    bind: self.func('int bind(int, const void *, uint32_t)'),
    getsockname: self.func('int getsockname(int, void *, void *)'),
    setsockopt: self.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: self.func('int getsockopt(int, int, int, void *, void *)'),
    send,
    sendInThread: (fd, bytes, length, flags) =>
      new Promise((resolve, reject) =>
        send.async(fd, bytes, length, flags, (error: Error | null, sent: number) =>
          error ? reject(error) : resolve(sent),
        ),
      ),
    recv: self.func('intptr_t recv(int, void *, size_t, int)'),
    close: self.func('int close(int)'),
    bpf: (command, attributes, length) =>
      syscall(BPF[process.arch] ?? -1, 'int', command, 'void *', attributes, 'uint', length),
    addressOf: (bytes) => koffi.address(bytes),
    unshare: self.func('int unshare(int)'),
    errno: () => koffi.errno(),
    whenReadable(fd, run) {
      // libuv calls straight from its loop: promises that are settled in there wait until Node runs something else, for seconds
      const handle = koffi.node.poll(fd, { readable: true }, () => setImmediate(() => void (polls.has(stop) && run())))
      handle.unref()
      const stop = (): void => {
        if (!polls.delete(stop)) return
        handle.close()
        if (polls.size === 0) process.off('exit', stopAll)
      }
      if (polls.size === 0) process.once('exit', stopAll)
      polls.add(stop)
      return stop
    },
  }
}
