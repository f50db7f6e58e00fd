import type { Attributes } from '../netlink/reader.ts'
import type { MessageWriter } from '../netlink/writer.ts'
import type { NftVerdict } from './types.ts'
import { dataAttribute, NF_ACCEPT, NF_DROP, NFT_GOTO, NFT_JUMP, NFT_RETURN, verdictAttribute } from './wire.ts'

const codes: Readonly<Record<NftVerdict['verdict'], number>> = {
  accept: NF_ACCEPT,
  drop: NF_DROP,
  return: NFT_RETURN,
  jump: NFT_JUMP,
  goto: NFT_GOTO,
}

/** Inside an attribute that holds data (NFTA_IMMEDIATE_DATA, NFTA_SET_ELEM_DATA). */
export function writeVerdict(writer: MessageWriter, verdict: NftVerdict): void {
  const at = writer.open(dataAttribute.verdict)
  writer.u32be(verdictAttribute.code, codes[verdict.verdict])
  if ('chain' in verdict) writer.string(verdictAttribute.chain, verdict.chain)
  writer.close(at)
}

/** Null for a verdict that we do not use (continue, break, queue). */
export function readVerdict(attributes: Attributes): NftVerdict | null {
  let code = -1
  let chain = ''
  while (attributes.next()) {
    if (attributes.type === verdictAttribute.code) code = attributes.u32be()
    else if (attributes.type === verdictAttribute.chain) chain = attributes.string()
  }
  switch (code) {
    case NF_ACCEPT:
      return { verdict: 'accept' }
    case NF_DROP:
      return { verdict: 'drop' }
    case NFT_RETURN:
      return { verdict: 'return' }
    case NFT_JUMP:
      return { verdict: 'jump', chain }
    case NFT_GOTO:
      return { verdict: 'goto', chain }
    default:
      return null
  }
}
