import type { NodeView } from '../../model/node-view.ts'
import type { Packet, Trace } from '../../model/packet.ts'
import type { Program } from '../plane.ts'
import { traceTables } from '../trace-tables.ts'
import type { NftObject } from './objects.ts'
import { tablesOf } from './tables.ts'

/** Reads the programs into tables once; then any packet can be asked. */
export const traceNftables = (programs: Iterable<Program<NftObject>>, node: NodeView): ((packet: Packet) => Trace) =>
  traceTables(tablesOf(programs), node)
