import { formatAddress } from '../../model/address.ts'
import type { Table } from '../../rules/model.ts'

/** Addresses of the node that kube-proxy's nftables rules name themselves: those on which its node ports are open. */
export const nodePortAddresses = (tables: readonly Table[]): readonly string[] =>
  tables.flatMap(({ name, sets }) =>
    name === 'kube-proxy' ? Array.from(sets.get('nodeport-ips')?.entries?.() ?? [], ([key]) => formatAddress(key)) : [],
  )
