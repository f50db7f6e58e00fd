import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import { listChains } from '../foreign/ruleset.ts'
import { getGeneration } from '../nftables/dumps.ts'
import { readExpressions } from '../nftables/expression-reader.ts'
import { attributesOf, familyNumbers } from '../nftables/objects.ts'
import { NFT_MSG_GETRULE, NFT_MSG_NEWRULE, ruleAttribute } from '../nftables/wire.ts'
import { type NftRuleText, nftRuleText } from './nft-rule-text.ts'
import type { IptablesFamily, SavedChain, SavedRule, SavedTable } from './types.ts'

/** Readings that somebody's changes ran through; the last one counts as it is. */
const ATTEMPTS = 4

/**
 * A table of iptables-nft, read over netlink: iptables-nft-save takes a time that grows with the square of the chains (38 s for 55,000 of
 * them). Null: a rule in a chain that is `needed`, or one that leads to such a chain, is of a kind that is not known here.
 */
export const readNftTable = async (
  requests: NetlinkRequests,
  place: { readonly family: IptablesFamily; readonly table: string },
  needed: (chain: string) => boolean,
): Promise<SavedTable | null> => {
  for (let attempt = 1; ; attempt++) {
    const before = await requests.ask(getGeneration)
    const isStill = async (): Promise<boolean> => (await requests.ask(getGeneration)) === before
    try {
      const table = await readOnce(requests, place, needed)
      if (attempt >= ATTEMPTS || (await isStill())) return table
    } catch (error) {
      // what a list named may have gone before it was read
      if (attempt >= ATTEMPTS || (await isStill())) throw error
    }
  }
}

/** Chain by chain: a dump of all rules is begun anew by the kernel for each 32 KiB, and counts its way past those before. */
const readOnce = async (
  requests: NetlinkRequests,
  { family, table }: { readonly family: IptablesFamily; readonly table: string },
  needed: (chain: string) => boolean,
): Promise<SavedTable | null> => {
  const chains = new Map<string, SavedChain>()
  for (const { name, hook, ...of } of await listChains(requests)) {
    if (of.family !== family || of.table !== table) continue
    const rules: SavedRule[] = []
    for (const { text, target, packets } of await requests.dump(listRuleTexts(family, table, name))) {
      if (text === null && (needed(name) || (hook !== null && needed(target)))) return null
      rules.push({ rule: text ?? `-j ${target}`, packets })
    }
    chains.set(name, { name, policy: hook === null ? null : hook.policy.toUpperCase(), rules })
  }
  return { family, table, chains }
}

export interface NftRuleAt extends NftRuleText {
  readonly handle: number
}

export const listRuleTexts = (family: IptablesFamily, table: string, chain: string): Request<NftRuleAt> => ({
  operation: 'nftables list rules',
  object: `${family} ${table} ${chain}`,
  write(writer, flags, sequence) {
    writer.beginNetfilter((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE, flags, sequence, familyNumbers[family])
    writer.string(ruleAttribute.table, table)
    writer.string(ruleAttribute.chain, chain)
    writer.end()
  },
  decode(message, fault, into) {
    if (message.type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE)) return
    const attributes = attributesOf(message, fault)
    let handle = 0
    while (attributes.next()) {
      if (attributes.type === ruleAttribute.handle) handle = attributes.u64be()
      if (attributes.type === ruleAttribute.expressions)
        into.push({ ...nftRuleText(readExpressions(attributes.nested()), family), handle })
    }
  },
  generation: ({ bytes, start, end }) => (end - start < NFGENMSG ? 0 : bytes.readUInt16BE(start + 2)),
})
