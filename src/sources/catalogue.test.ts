import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Catalogue } from './catalogue.ts'
import { readObjects } from './reading.ts'
import { Store } from './store.ts'

const service = (name: string, port: number | string = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {clusterIP: 10.96.0.1, ports: [{port: ${port}}]}\n`

class Files {
  readonly store = new Store()
  readonly catalogue = new Catalogue(this.store)

  write(file: string, text: string): this {
    this.catalogue.replace(file, readObjects(Buffer.from(text), file, this.store.intern))
    this.catalogue.settle()
    return this
  }

  remove(file: string): this {
    this.catalogue.remove(file)
    this.catalogue.settle()
    return this
  }

  get services(): string[] {
    return [...this.store.snapshot.services()]
      .map(({ name, ports }) => `${name}:${ports.map(({ port }) => port)}`)
      .sort()
  }

  get problems(): string[] {
    return this.catalogue
      .problems()
      .map(({ where, object, field, message }) => `${where} ${object} ${field}: ${message}`)
  }
}

describe('a file', () => {
  it('replaces what it said before, and takes it away when it goes', () => {
    const files = new Files().write('a', `${service('x')}---\n${service('y')}`)
    expect(files.services).toEqual(['x:80', 'y:80'])
    files.write('a', service('y', 81))
    expect(files.services).toEqual(['y:81'])
    files.remove('a').remove('never there')
    expect(files.services).toEqual([])
  })

  it('that is broken stays in force as it was', () => {
    const files = new Files().write('a', `${service('x')}---\n${service('y')}`)
    files.write('a', `${service('x', 81)}---\nspec: [`)
    expect(files.services).toEqual(['x:80', 'y:80'])
    expect(files.problems).toEqual([expect.stringMatching(/^a:6 .*; what it said before stays in force$/)])
    files.write('a', service('x', 81))
    expect([files.services, files.problems]).toEqual([['x:81'], []])
  })

  it('that is broken from the start gives what can be read of it', () => {
    const files = new Files().write('a', `${service('x')}---\nspec: [`)
    expect(files.services).toEqual(['x:80'])
    expect(files.problems).toEqual([expect.stringMatching(/; nothing of it is used$/)])
  })

  it('that says nothing all at once is half written, not a wish', () => {
    const files = new Files().write('a', service('x')).write('a', '\n')
    expect(files.services).toEqual(['x:80'])
    expect(files.problems).toEqual([
      'a  : holds nothing any more; what it said before stays in force, remove the file to take that away',
    ])
    expect(files.write('a', '# the comment at the top of the file\n---\n').problems).toHaveLength(1)
    expect(files.services).toEqual(['x:80'])
    expect(new Files().write('a', '').problems).toEqual([])
  })

  it('keeps the last good version of an object that is refused, and the others go on', () => {
    const files = new Files().write('a', `${service('x')}---\n${service('y')}`)
    files.write('a', `${service('x').replace('10.96.0.1', 'nowhere')}---\n${service('y', 81)}`)
    expect(files.services).toEqual(['x:80', 'y:81'])
    expect(files.problems).toEqual([
      'a:4 Service default/x spec.clusterIP: must be an IP address, not "nowhere"; the object stays as it was before',
    ])
    files.write(
      'a',
      `${service('x').replace('10.96.0.1', 'nowhere')}---\n${service('z').replace('10.96.0.1', 'nowhere')}`,
    )
    expect(files.services).toEqual(['x:80'])
    expect(files.problems.map((problem) => problem.split('; ')[1])).toEqual([
      'the object stays as it was before',
      'the object is left out',
    ])
  })

  it('that defines an object twice means the first', () => {
    const files = new Files().write('a', `${service('x')}---\n${service('x', 81)}`)
    expect(files.services).toEqual(['x:80'])
    expect(files.problems).toEqual([
      'a:6 Service default/x metadata.name: is defined already at a:1, which stays in force; remove one of them',
    ])
  })

  it('with faults without end is not reported without end', () => {
    const list = JSON.stringify({ kind: 'List', items: Array.from({ length: 5000 }, () => 1) })
    expect(new Files().write('a', list).problems).toHaveLength(1001)
  })

  it('counts the objects that no proxy reads', () => {
    const files = new Files().write(
      'a',
      'apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: ConfigMap\n',
    )
    expect([files.catalogue.ignored, files.problems]).toEqual([2, []])
  })
})

describe('two files', () => {
  it('that define one object: the first by name keeps it, the other is reported and takes over', () => {
    const files = new Files().write('b', service('x', 2))
    files.write('a', service('x', 1))
    expect(files.services).toEqual(['x:1'])
    expect(files.problems).toEqual([
      'b:1 Service default/x metadata.name: is defined already at a:1, which stays in force; remove one of them',
    ])
    files.remove('a')
    expect([files.services, files.problems]).toEqual([['x:2'], []])
  })

  it('say the same whatever the order in which they are read and changed', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const texts = fc
      .array(fc.tuple(names, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 3 })
      .map((list) => list.map(([name, port]) => service(name, port)).join('---\n'))
    const writes = fc.array(fc.tuple(names, fc.oneof(texts, fc.constant(null))), { maxLength: 12 })
    fc.assert(
      fc.property(writes, (list) => {
        const files = new Files()
        const last = new Map<string, string>()
        for (const [file, text] of list) {
          if (text === null) {
            files.remove(file)
            last.delete(file)
          } else {
            files.write(file, text)
            last.set(file, text)
          }
        }
        const fresh = new Files()
        for (const [file, text] of last) fresh.write(file, text)
        expect([files.services, files.problems]).toEqual([fresh.services, fresh.problems])
      }),
      { numRuns: 200 },
    )
  })
})

describe('a store', () => {
  it('hears of a file as one change, and of nothing when a file says the same in other words', () => {
    const files = new Files()
    let changes = 0
    files.store.subscribe(() => changes++)
    files.write('a', `${service('x')}---\n${service('y')}`)
    expect(changes).toBe(1)
    files.write('a', `# the same\n${service('y')}---\n${service('x', '!!int "80"')}`)
    expect(changes).toBe(1)
  })

  it('loses nothing of a file that is cut at any byte, if that breaks it', () => {
    const text = JSON.stringify({
      kind: 'List',
      items: ['x', 'y'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name },
        spec: { ports: [{ port: 80 }] },
      })),
    })
    const files = new Files().write('a.json', text)
    for (let end = 0; end < text.length; end++) {
      files.write('a.json', text.slice(0, end))
      expect([files.services, files.problems.length]).toEqual([['x:80', 'y:80'], 1])
    }
    expect(files.write('a.json', text).problems).toEqual([])
  })
})
