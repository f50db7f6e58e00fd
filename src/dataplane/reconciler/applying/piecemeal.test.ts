import { describe, expect, test } from 'vitest'
import { applyPiecemeal, type PiecemealSteps } from './piecemeal.ts'

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

/** A kernel that answers when told to; what happens is written down. */
const steps = (pieceSize: number, more: number[][] = []) => {
  const story: string[] = []
  const answers: PromiseWithResolvers<unknown>[] = []
  const given: PiecemealSteps<number, number> = {
    cut: (all) =>
      Array.from({ length: Math.ceil(all.length / pieceSize) }, (_, n) =>
        all.slice(n * pieceSize, (n + 1) * pieceSize),
      ),
    more: () => more.shift() ?? [],
    make: (some) => {
      story.push(`make ${some[0]}`)
      return some
    },
    send: (made) => {
      story.push(`send ${made[0]}`)
      const answer = Promise.withResolvers<unknown>()
      answers.push(answer)
      return answer.promise
    },
    done: (made) => void story.push(`done ${made[0]}`),
    nextTurn: () => Promise.resolve(),
  }
  const answer = async (error: unknown = null): Promise<void> => {
    answers.shift()?.resolve(error)
    await turns(20)
  }
  return { story, answer, steps: given }
}

describe('pieces', () => {
  test('the next is made and handed on while the kernel works on the one before', async () => {
    const { story, answer, steps: given } = steps(10)
    const all = applyPiecemeal(items(20), given)
    await Promise.resolve()
    expect(story).toEqual(['make 0', 'send 0', 'make 10', 'send 10'])
    await answer()
    await answer()
    expect(await all).toBeNull()
    expect(story.slice(4)).toEqual(['done 0', 'done 10'])
  })

  test('large ones are made in slices, with turns between', async () => {
    const { story, answer, steps: given } = steps(100)
    const all = applyPiecemeal(items(200), given)
    await turns(5)
    expect(story).toEqual(['make 0', 'send 0', 'make 100', 'make 164', 'send 100'])
    await answer()
    await answer()
    await all
  })

  test('what comes meanwhile goes with them', async () => {
    const { story, answer, steps: given } = steps(10, [[100, 101], [], [200]])
    const all = applyPiecemeal(items(10), given)
    for (let n = 0; n < 4; n++) await answer()
    expect(await all).toBeNull()
    expect(story).toContain('done 100')
    expect(story).toContain('done 200')
  })

  test('a failure ends it when nothing is in flight any more', async () => {
    const { story, answer, steps: given } = steps(10)
    let ended = false
    const all = applyPiecemeal(items(30), given).then((error) => {
      ended = true
      return error
    })
    await Promise.resolve()
    await answer('refused')
    expect(ended).toBe(false)
    await answer()
    expect(await all).toBe('refused')
    expect(story).toEqual(['make 0', 'send 0', 'make 10', 'send 10'])
  })
})
