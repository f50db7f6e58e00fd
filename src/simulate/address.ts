import { formatAddress, parseAddress } from '../model/address.ts'

/** IPv4 as uint32; NaN for what is none. */
export const addressNumber = (address: string): number => {
  const bytes = parseAddress(address)
  if (bytes?.length !== 4) return Number.NaN
  return Buffer.from(bytes, 'latin1').readUInt32BE()
}

/** The other way. */
export const addressText = (value: number): string =>
  formatAddress(String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255))
