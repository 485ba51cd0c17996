// `node mercurius.mjs PORT DATABASE [each]`: Fastify and Mercurius, with its JIT compiler for queries.
// With `each`, every keepalive is a transaction of its own.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { createResolvers, typeOfSession } from './resolvers.mjs'
import { Store } from './store.mjs'

const [port, database, mode] = process.argv.slice(2)
const topic = 'CHANGES'
const resolvers = createResolvers(
  new Store(database, { sharesCommits: mode !== 'each' }),
  (payload, { pubsub }) => pubsub.publish({ topic, payload }),
  ({ pubsub }) => pubsub.subscribe(topic),
)
const app = Fastify()
app.register(mercurius, {
  schema: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
  resolvers: {
    ...resolvers,
    Session: { resolveType: typeOfSession },
    ActiveSessionsItem: { resolveType: (item) => item.__typename },
  },
  subscription: true,
  jit: 1,
})
app.get('/readyz', async () => 'ready\n')
await app.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => process.exit(0))
