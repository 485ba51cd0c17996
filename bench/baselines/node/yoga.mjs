// `node yoga.mjs PORT DATABASE`: GraphQL Yoga, with graphql-ws for its subscriptions.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { createResolvers, typeOfSession } from './resolvers.mjs'
import { Store } from './store.mjs'

const [port, database] = process.argv.slice(2)
const pubSub = createPubSub()
const topic = 'CHANGES'
const resolvers = createResolvers(
  new Store(database),
  (item) => pubSub.publish(topic, item),
  () => pubSub.subscribe(topic),
)
const yoga = createYoga({
  schema: createSchema({
    typeDefs: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
    resolvers: {
      ...resolvers,
      Session: { __resolveType: typeOfSession },
      ActiveSessionsItem: { __resolveType: (item) => item.__typename },
    },
  }),
  healthCheckEndpoint: '/readyz',
  logging: false,
})
const server = createServer(yoga)
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (ctx, _id, params) => {
      const { extra } = ctx
      const enveloped = yoga.getEnveloped({ ...ctx, req: extra.request, socket: extra.socket, params })
      const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length ? errors : args
    },
  },
  new WebSocketServer({ server, path: yoga.graphqlEndpoint }),
)
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
