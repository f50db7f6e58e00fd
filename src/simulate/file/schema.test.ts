import { readFileSync } from 'node:fs'
import { Validator } from '@cfworker/json-schema'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { seededRandom } from '../../util/random.ts'
import { readyScenarios } from '../ready/index.ts'
import { scenarioShape } from './fields.ts'
import { scenarioSchema } from './reference.ts'
import type { JsonSchema, ShapeFault } from './shape.ts'

const least = 'apiVersion: evenkeel.io/v1alpha1\nkind: Scenario\nduration: 1m\npods: 2\nclients: {}\n'

describe('the JSON Schema', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/schema/scenario.v1alpha1.json', import.meta.url), 'utf8'),
  ) as object
  const validator = new Validator(schema, '2020-12')

  test('is the published one', () => expect(schema).toEqual(JSON.parse(JSON.stringify(scenarioSchema()))))

  test.each(readyScenarios.map(({ name, text }) => [name, text]))('takes the ready scenario %s', (_, text) => {
    expect(validator.validate(parse(text)).errors).toEqual([])
  })

  test.each([
    ['unknown fields', 'podz: 1'],
    ['no pods', 'pods: 0'],
    ['1e12 pods', 'pods: 1e12'],
    ['a policy nobody knows', 'policy: {scheduler: rr}'],
    ['two kinds of a time', 'nodes: [{lag: {fixed: 1s, exponential: 1s}}]'],
    ['a duration that is none', 'warmUp: 5 minutes'],
    ['an event of two', 'events: [{at: 1s, restart: {pods: [pod-0]}, scale: {replicas: 1}}]'],
  ])('refuses %s', (_, line) => {
    const document = { ...(parse(least) as object), ...(parse(line) as object) }
    expect(validator.validate(parse(least)).valid).toBe(true)
    expect(validator.validate(document).valid).toBe(false)
  })

  test('accepts what the reader accepts, and the other way round but for what a schema cannot say', () => {
    const documents = new Documents(schema as JsonSchema)
    let [accepted, refused] = [0, 0]
    for (let i = 0; i < 6000; i++) {
      const document = documents.next()
      const faults: ShapeFault[] = []
      scenarioShape.read(document, [], faults)
      const { valid } = validator.validate(document)
      if (faults.length === 0) accepted++
      else if (faults.every(({ message }) => beyondSchemas.test(message))) continue
      else refused++
      expect(`${JSON.stringify(document)} ${valid}`).toBe(`${JSON.stringify(document)} ${faults.length === 0}`)
    }
    expect(accepted).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(500)
  })
})

/** How values of one document hang together, and how long a text is as a time. */
const beyondSchemas = /has a low above its high|must be 1ms or more on average|at least 1ms, not "/

/** What people and machines write that is nearly right. */
const strange =
  JSON.parse(`[null, -1, 0, 0.5, 1.5, 1e12, true, "", "5m", "+5m", "-5m", "0s", ".5s", "5.s", "5", " 5m", "1ns", "forever",
  "outside", "101%", "2.5%", "${'x'.repeat(64)}", "a\\u0007", "a\\nb", "é", "10.0.0.256", "nft-rr", [], {}, [1], {"exponential": null},
  {"fixed": "1s", "exponential": null}, {"exponential": 0}, {"fixed": "1s", "uniform": {}}]`) as readonly unknown[]

/** Documents as a schema has them, here and there with something strange. */
class Documents {
  readonly #random = seededRandom('schema')
  readonly #schema: JsonSchema

  constructor(schema: JsonSchema) {
    this.#schema = schema
  }

  next(): unknown {
    return { ...(this.#value(this.#schema, 1) as object), ...(this.#once(8) ? {} : (parse(least) as object)) }
  }

  #below(count: number): number {
    return this.#random() % count
  }

  #once(times: number): boolean {
    return this.#below(times) === 0
  }

  #one<T>(some: readonly T[]): T {
    return some[this.#below(some.length)] as T
  }

  #value(schema: JsonSchema, depth: number): unknown {
    if (depth > 1 && this.#once(40)) return structuredClone(this.#one(strange))
    const { $ref, anyOf, enum: words, type } = schema
    if (typeof $ref === 'string') return this.#value(this.#definition($ref), depth)
    if (Array.isArray(words)) return this.#one(words as readonly unknown[])
    if (Array.isArray(anyOf)) return this.#value(this.#one(anyOf as readonly JsonSchema[]), depth)
    switch (Array.isArray(type) ? this.#one(type) : type) {
      case 'object':
        return this.#map(schema, depth)
      case 'array':
        return Array.from({ length: Number(schema['minItems'] ?? 0) + this.#below(2) }, () =>
          this.#value(schema['items'] as JsonSchema, depth + 1),
        )
      case 'integer':
        return this.#one([schema['minimum'], schema['maximum'], 2, 3])
      case 'number':
        return this.#one([schema['minimum'] ?? 1, schema['maximum'], 0.5])
      case 'boolean':
        return this.#once(2)
      case 'string':
        return schema['format'] === 'ipv4' ? '10.0.0.1' : this.#one(['5m', '25%', 'web', 'web-0', '1h30m', '-1m'])
      default:
        return null
    }
  }

  #map({ properties, required = [], oneOf }: JsonSchema, depth: number): unknown {
    const fields = Object.entries(properties as Readonly<Record<string, JsonSchema>>)
    const chosen = Array.isArray(oneOf) ? (this.#one(oneOf as readonly JsonSchema[])['required'] as string[]) : []
    const needed = [...(required as readonly string[]), ...chosen]
    const others = (Array.isArray(oneOf) ? 60 : 4) * depth
    const given = fields.filter(([key]) => (needed.includes(key) ? !this.#once(60) : this.#once(others)))
    const map = Object.fromEntries(given.map(([key, schema]) => [key, this.#value(schema, depth + 1)]))
    return this.#once(60) ? { ...map, bogus: 1 } : map
  }

  #definition(ref: string): JsonSchema {
    const definitions = this.#schema['$defs'] as Readonly<Record<string, JsonSchema>>
    return definitions[ref.slice(ref.lastIndexOf('/') + 1)] ?? {}
  }
}
