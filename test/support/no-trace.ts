import type { Trace } from '../../src/model/packet.ts'

/** What is found where no rule concerns a packet. */
export const noTrace: Trace = {
  verdict: 'none',
  masquerade: false,
  backends: [],
  partial: false,
  unknown: [],
  path: [],
  conditions: [],
}
