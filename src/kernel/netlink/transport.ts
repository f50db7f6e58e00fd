/**
 * Where netlink messages go: a socket, or in tests one function (request → replies).
 * The kernel works a request off inside `send`, so its replies lie in the queue when `send` is done and nobody has to wait for them.
 */
export interface Transport extends Disposable {
  /** our netlink address: the kernel writes it into every message that answers or echoes us */
  readonly portId: number
  /** one datagram, all of it or KernelError; large ones go through a thread so that the event loop stays alive */
  send(datagram: Uint8Array, operation: string): void | Promise<void>
  /**
   * The next datagram, null when there is none. Valid until the next call.
   * @throws KernelError; errno ENOBUFS: the kernel dropped messages because the queue was full
   */
  receive(operation: string): Buffer | null
}
