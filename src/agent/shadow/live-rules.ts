import type { Subject } from '../../inspect/compare-packets.ts'
import type { Packet, Trace } from '../../model/packet.ts'

/** The rules of this node, whoever wrote them, as they were when they were read. */
export interface ReadRules {
  readonly trace: (packet: Packet) => Trace
  /** Whatever a Service proxy's rules answer for, by address and port; walks through all of them. */
  readonly frontends: () => Iterable<Subject>
  /** what of them could not be taken as it stands */
  readonly problems: readonly string[]
}

/** Reads and never writes. */
export interface LiveRules extends AsyncDisposable {
  /** A few system calls. Equal answers: the rules are as they were, as far as the kernel tells. */
  revision(): Promise<string>
  /** All of them: costs as much as there are rules. */
  read(): Promise<ReadRules>
}
