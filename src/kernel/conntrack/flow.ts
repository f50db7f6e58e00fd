/** A flow of the conntrack table; addresses are bytes (latin1), ports numbers. */
export interface Flow {
  readonly protocol: number
  /** whom the client dialled */
  readonly destination: string
  readonly destinationPort: number
  /** who answers: differs from `destination` when it was DNATed */
  readonly answerer: string
  readonly answererPort: number
  /** a packet has come back */
  readonly answered: boolean
  /** what names it to the kernel: the original tuple as it came, CTA_ID, CTA_ZONE ('' none) */
  readonly tuple: string
  readonly id: string
  readonly zone: string
}
