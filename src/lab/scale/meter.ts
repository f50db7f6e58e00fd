import type { Kernel } from '../../kernel/kernel.ts'

/** What passed between a plane and nf_tables or iptables-restore. Milliseconds, and operations sent. */
export interface Meter {
  readonly encodeMs: number
  /** from the first byte sent to the last acknowledgement; of iptables-restore from its start to its end */
  readonly kernelMs: number
  readonly writes: number
  /** of `writes`, those to elements of sets */
  readonly elements: number
}

/** The same kernel, with its transactions measured. */
export const metered = (kernel: Kernel): { kernel: Kernel; read(): Meter } => {
  let encodeMs = 0
  let kernelMs = 0
  let writes = 0
  let elements = 0
  return {
    read: () => ({ encodeMs, kernelMs, writes, elements }),
    kernel: {
      ...kernel,
      async nftables(log) {
        const connection = await kernel.nftables(log)
        const transaction = connection.transaction.bind(connection)
        connection.transaction = async (operations, signal) => {
          const result = await transaction(operations, signal)
          encodeMs += result.encodeMs
          kernelMs += result.sendMs
          for (const operation of operations) {
            const several = 'elements' in operation ? operation.elements.length : 0
            elements += several
            writes += several || 1
          }
          return result
        }
        return connection
      },
      async iptables(log) {
        const connection = await kernel.iptables(log)
        const restore = connection.restore.bind(connection)
        connection.restore = async (blocks, signal) => {
          const result = await restore(blocks, signal)
          kernelMs += result.ms
          for (const { lines } of blocks) writes += lines.length
          return result
        }
        return connection
      },
    },
  }
}

export const since = (before: Meter, after: Meter): Meter => ({
  encodeMs: after.encodeMs - before.encodeMs,
  kernelMs: after.kernelMs - before.kernelMs,
  writes: after.writes - before.writes,
  elements: after.elements - before.elements,
})
