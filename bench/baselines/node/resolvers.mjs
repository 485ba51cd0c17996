// Resolvers of both servers. `publish` and `subscribe` are those of the server's own publish-subscribe.
import { toSession } from './store.mjs'

export const createResolvers = (store, publish, subscribe) => {
  const written = async (command, context) => {
    const { session = null, change, code } = await store.write(command)
    if (change) {
      await publish({ __typename: 'SessionChange', change, id: session.id, session, at: session.lastSeenAt }, context)
    }
    return { session, problems: code ? [{ code, message: code.toLowerCase() }] : [] }
  }

  async function* activeSessions(filter, context) {
    const changes = await subscribe(context) // before the snapshot is read: no change is missed
    const now = Date.now()
    const active = store.all.all().map((row) => toSession(row, now)).filter(({ state }) => state === 'ACTIVE')
    const sessions = active.filter((session) => matches(filter, session))
    yield { activeSessions: { __typename: 'SessionSnapshot', sessions, totalCount: sessions.length, last: true } }
    for await (const item of changes) {
      if (matches(filter, item.session)) yield { activeSessions: item }
    }
  }

  return {
    Query: {
      sessions: (_, { first, filter, orderBy: [{ field, direction }] }) => {
        const now = Date.now()
        const after = filter?.startedAfter ? Date.parse(filter.startedAfter) : 0
        return { nodes: store.pages[`${field} ${direction}`].all(after, first).map((row) => toSession(row, now)) }
      },
      session: (_, { id }) => {
        const row = store.find.get(id)
        return row ? toSession(row, Date.now()) : null
      },
    },
    Mutation: {
      startSession: (_, { input }, context) => written(() => store.start(input), context),
      keepaliveSession: (_, { input }, context) => written(() => store.keepalive(input), context),
    },
    Subscription: {
      activeSessions: { subscribe: (_, { filter }, context) => activeSessions(filter ?? {}, context) },
    },
  }
}

const matches = ({ kinds, states, visible, startedAfter }, session) =>
  (!kinds || kinds.includes(session.kind)) &&
  (!states || states.includes(session.state)) &&
  (visible == null || visible === session.visible) &&
  (!startedAfter || session.startedAt > startedAfter)

export const typeOfSession = (session) => (session.kind === 'CLIENT' ? 'ClientSession' : 'UserSession')
