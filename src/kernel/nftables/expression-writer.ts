import type { MessageWriter } from '../netlink/writer.ts'
import {
  bitwiseAttribute,
  cmpAttribute,
  cmpOps,
  ctAttribute,
  ctKeys,
  dynsetAttribute,
  dynsetOps,
  FIB_RESULT_ADDRTYPE,
  fibAttribute,
  fibFlags,
  HASH_JENKINS,
  hashAttribute,
  immediateAttribute,
  kernelNames,
  LOOKUP_INVERT,
  lookupAttribute,
  MASQ_FULLY_RANDOM,
  masqAttribute,
  metaAttribute,
  metaKeys,
  NAT_DNAT,
  natAttribute,
  numgenAttribute,
  numgenModes,
  objrefAttribute,
  payloadAttribute,
  payloadBases,
  portUnreachable,
  REJECT_TCP_RESET,
  rangeAttribute,
  rangeOps,
  rejectAttribute,
} from './expression-wire.ts'
import type { Bytes, NftExpr, NftFamily } from './types.ts'
import { writeVerdict } from './verdicts.ts'
import { dataAttribute, expressionAttribute, LIST_ELEMENT, NFT_OBJECT_COUNTER } from './wire.ts'
import { NFPROTO_IPV4, NFPROTO_IPV6 } from '../netlink/wire.ts'

/** Writes a list of expressions (NFTA_RULE_EXPRESSIONS), in order. `family`: what `reject` answers depends on the table's. */
export function writeExpressions(
  writer: MessageWriter,
  attribute: number,
  expressions: readonly NftExpr[],
  family: NftFamily,
): void {
  const list = writer.open(attribute)
  for (const expression of expressions) {
    const at = writer.open(LIST_ELEMENT)
    const { name } = expression
    writer.string(expressionAttribute.name, name === 'unknown' ? expression.kernelName : (kernelNames[name] ?? name))
    const data = writer.open(expressionAttribute.data)
    writeExpression(writer, expression, family)
    writer.close(data)
    writer.close(at)
  }
  writer.close(list)
}

function writeExpression(writer: MessageWriter, expression: NftExpr, family: NftFamily): void {
  switch (expression.name) {
    case 'payload':
      writer.u32be(payloadAttribute.dreg, expression.dreg)
      writer.u32be(payloadAttribute.base, payloadBases.indexOf(expression.base))
      writer.u32be(payloadAttribute.offset, expression.offset)
      return writer.u32be(payloadAttribute.length, expression.len)
    case 'meta':
      writer.u32be(metaAttribute.key, metaKeys[expression.key])
      return writer.u32be(metaAttribute.dreg, expression.dreg)
    case 'meta-set':
      writer.u32be(metaAttribute.key, metaKeys[expression.key])
      return writer.u32be(metaAttribute.sreg, expression.sreg)
    case 'cmp':
      writer.u32be(cmpAttribute.sreg, expression.sreg)
      writer.u32be(cmpAttribute.op, cmpOps.indexOf(expression.op))
      return writeData(writer, cmpAttribute.data, expression.data)
    case 'range':
      writer.u32be(rangeAttribute.sreg, expression.sreg)
      writer.u32be(rangeAttribute.op, rangeOps.indexOf(expression.op))
      writeData(writer, rangeAttribute.from, expression.from)
      return writeData(writer, rangeAttribute.to, expression.to)
    case 'bitwise':
      writer.u32be(bitwiseAttribute.sreg, expression.sreg)
      writer.u32be(bitwiseAttribute.dreg, expression.dreg)
      writer.u32be(bitwiseAttribute.length, expression.len)
      writeData(writer, bitwiseAttribute.mask, expression.mask)
      return writeData(writer, bitwiseAttribute.xor, expression.xor)
    case 'immediate':
      writer.u32be(immediateAttribute.dreg, expression.dreg)
      return writeData(writer, immediateAttribute.data, expression.data)
    case 'verdict': {
      writer.u32be(immediateAttribute.dreg, 0)
      const at = writer.open(immediateAttribute.data)
      writeVerdict(writer, expression.verdict)
      return writer.close(at)
    }
    case 'lookup':
      writer.u32be(lookupAttribute.sreg, expression.sreg)
      if (expression.dreg !== null) writer.u32be(lookupAttribute.dreg, expression.dreg)
      writer.string(lookupAttribute.set, expression.set)
      if (expression.invert) writer.u32be(lookupAttribute.flags, LOOKUP_INVERT)
      return
    default:
      writeStatement(writer, expression, family)
  }
}

type Rest = Exclude<
  NftExpr,
  { readonly name: 'payload' | 'meta' | 'meta-set' | 'cmp' | 'range' | 'bitwise' | 'immediate' | 'verdict' | 'lookup' }
>

function writeStatement(writer: MessageWriter, expression: Rest, family: NftFamily): void {
  switch (expression.name) {
    case 'dynset':
      writer.u32be(dynsetAttribute.key, expression.sregKey)
      writer.u32be(dynsetAttribute.op, dynsetOps.indexOf(expression.op))
      writer.string(dynsetAttribute.set, expression.set)
      if (expression.timeoutMs > 0) writer.u64be(dynsetAttribute.timeout, expression.timeoutMs)
      return
    case 'numgen':
      writer.u32be(numgenAttribute.dreg, expression.dreg)
      writer.u32be(numgenAttribute.modulus, expression.modulus)
      writer.u32be(numgenAttribute.type, numgenModes.indexOf(expression.mode))
      return writer.u32be(numgenAttribute.offset, expression.offset)
    case 'jhash':
      writer.u32be(hashAttribute.sreg, expression.sreg)
      writer.u32be(hashAttribute.dreg, expression.dreg)
      writer.u32be(hashAttribute.length, expression.len)
      writer.u32be(hashAttribute.modulus, expression.modulus)
      writer.u32be(hashAttribute.seed, expression.seed)
      writer.u32be(hashAttribute.offset, expression.offset)
      return writer.u32be(hashAttribute.type, HASH_JENKINS)
    case 'fib':
      writer.u32be(fibAttribute.flags, fibFlags[expression.from])
      writer.u32be(fibAttribute.result, FIB_RESULT_ADDRTYPE)
      return writer.u32be(fibAttribute.dreg, expression.dreg)
    case 'ct':
      writer.u32be(ctAttribute.key, ctKeys[expression.key])
      return writer.u32be(ctAttribute.dreg, expression.dreg)
    case 'nat':
      writer.u32be(natAttribute.type, NAT_DNAT)
      writer.u32be(natAttribute.family, expression.family === 'ip' ? NFPROTO_IPV4 : NFPROTO_IPV6)
      writer.u32be(natAttribute.address, expression.addressReg)
      if (expression.portReg !== null) writer.u32be(natAttribute.port, expression.portReg)
      return
    case 'masq':
      if (expression.fullyRandom) writer.u32be(masqAttribute.flags, MASQ_FULLY_RANDOM)
      return
    case 'reject': {
      const reset = expression.with === 'tcp-reset'
      writer.u32be(rejectAttribute.type, reset ? REJECT_TCP_RESET : portUnreachable[family].type)
      return writer.u8(rejectAttribute.code, reset ? 0 : portUnreachable[family].code)
    }
    case 'counter':
      return
    case 'objref':
      writer.u32be(objrefAttribute.type, NFT_OBJECT_COUNTER)
      return writer.string(objrefAttribute.name, expression.counter)
    case 'unknown':
      return writer.append(expression.raw)
  }
}

function writeData(writer: MessageWriter, attribute: number, data: Bytes): void {
  const at = writer.open(attribute)
  writer.raw(dataAttribute.value, data)
  writer.close(at)
}
