/**
 * What happens next: a 4-ary heap over flat arrays, earliest first and, at one moment, in the order it was put in.
 * Nothing is allocated per event; the arrays double when they are full.
 */
export interface EventQueue {
  times: Float64Array
  /** puts are numbered from 0: the number orders events of one moment, and names the event */
  orders: Uint32Array
  codes: Int32Array
  size: number
  /** of the next put */
  order: number
}

export const eventQueue = (capacity: number): EventQueue => ({
  times: new Float64Array(capacity),
  orders: new Uint32Array(capacity),
  codes: new Int32Array(capacity),
  size: 0,
  order: 0,
})

/** Seconds of the first event; Infinity when there is none. */
export const firstTime = (queue: EventQueue): number =>
  queue.size === 0 ? Number.POSITIVE_INFINITY : (queue.times[0] as number)

/** Puts an event in; answers its number. */
export const put = (queue: EventQueue, time: number, code: number): number => {
  if (queue.size === queue.times.length) grow(queue)
  const order = queue.order++
  let at = queue.size++
  const { times, orders, codes } = queue
  while (at > 0) {
    const parent = (at - 1) >> 2
    // what is in already came first: at one moment it stays above
    if ((times[parent] as number) <= time) break
    times[at] = times[parent] as number
    orders[at] = orders[parent] as number
    codes[at] = codes[parent] as number
    at = parent
  }
  times[at] = time
  orders[at] = order
  codes[at] = code
  return order
}

/** Takes the first event out; read it before. */
export const dropFirst = (queue: EventQueue): void => {
  const last = --queue.size
  if (last > 0) {
    settle(queue, queue.times[last] as number, queue.orders[last] as number, queue.codes[last] as number)
  }
}

/** Takes the first event out and puts another in, in one pass; answers its number. */
export const replaceFirst = (queue: EventQueue, time: number, code: number): number => {
  const order = queue.order++
  settle(queue, time, order, code)
  return order
}

/** Finds the place of an event from the top, where there is a hole. */
const settle = (queue: EventQueue, time: number, order: number, code: number): void => {
  const { times, orders, codes, size } = queue
  let at = 0
  for (;;) {
    let child = 4 * at + 1
    if (child >= size) break
    const end = child + 4 < size ? child + 4 : size
    let least = child
    let leastTime = times[child] as number
    while (++child < end) {
      const childTime = times[child] as number
      if (childTime < leastTime || (childTime === leastTime && (orders[child] as number) < (orders[least] as number))) {
        least = child
        leastTime = childTime
      }
    }
    if (time < leastTime || (time === leastTime && order < (orders[least] as number))) break
    times[at] = leastTime
    orders[at] = orders[least] as number
    codes[at] = codes[least] as number
    at = least
  }
  times[at] = time
  orders[at] = order
  codes[at] = code
}

const grow = (queue: EventQueue): void => {
  const length = Math.max(16, 2 * queue.times.length)
  const times = new Float64Array(length)
  const orders = new Uint32Array(length)
  const codes = new Int32Array(length)
  times.set(queue.times)
  orders.set(queue.orders)
  codes.set(queue.codes)
  queue.times = times
  queue.orders = orders
  queue.codes = codes
}
