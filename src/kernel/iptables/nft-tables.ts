import type { NetlinkRequests, Request } from '../netlink/requests.ts'
import { NFGENMSG, NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import { listChains } from '../foreign/ruleset.ts'
import { readExpressions } from '../nftables/expression-reader.ts'
import { attributesOf, familyNumbers } from '../nftables/objects.ts'
import { NFT_MSG_GETRULE, NFT_MSG_NEWRULE, ruleAttribute } from '../nftables/wire.ts'
import { type NftRuleText, nftRuleText } from './nft-rule-text.ts'
import type { IptablesFamily, SavedChain, SavedRule, SavedTable } from './types.ts'

interface DumpedRule extends NftRuleText {
  readonly chain: string
}

/**
 * Tables of iptables-nft, read over netlink: iptables-nft-save takes a time that grows with the square of the chains (38 s for 55,000 of
 * them), this a second or two. Null: a rule in a chain that is `needed`, or one that leads to such a chain, is of a kind that is not known here.
 */
export const readNftTable = async (
  requests: NetlinkRequests,
  { family, table }: { readonly family: IptablesFamily; readonly table: string },
  needed: (chain: string) => boolean,
): Promise<SavedTable | null> => {
  const chains = new Map<string, { name: string; policy: string | null; rules: SavedRule[] } & SavedChain>()
  for (const chain of await listChains(requests))
    if (chain.family === family && chain.table === table) {
      const policy = chain.hook === null ? null : chain.hook.policy.toUpperCase()
      chains.set(chain.name, { name: chain.name, policy, rules: [] })
    }
  for (const { chain, text, target, packets } of await requests.dump(listRules(family, table))) {
    const of = chains.get(chain)
    if (of === undefined || (text === null && (needed(chain) || (of.policy !== null && needed(target))))) return null
    of.rules.push({ rule: text ?? `-j ${target}`, packets })
  }
  return { family, table, chains }
}

const listRules = (family: IptablesFamily, table: string): Request<DumpedRule> => ({
  operation: 'nftables list rules',
  object: `${family} ${table}`,
  write(writer, flags, sequence) {
    writer.beginNetfilter((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE, flags, sequence, familyNumbers[family])
    writer.string(ruleAttribute.table, table)
    writer.end()
  },
  decode(message, fault, into) {
    if (message.type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE)) return
    const attributes = attributesOf(message, fault)
    let chain = ''
    let text: NftRuleText = { text: '', target: '', packets: 0 }
    while (attributes.next()) {
      if (attributes.type === ruleAttribute.chain) chain = attributes.string()
      else if (attributes.type === ruleAttribute.expressions)
        text = nftRuleText(readExpressions(attributes.nested()), family)
    }
    into.push({ chain, ...text })
  },
  generation: ({ bytes, start, end }) => (end - start < NFGENMSG ? 0 : bytes.readUInt16BE(start + 2)),
})
