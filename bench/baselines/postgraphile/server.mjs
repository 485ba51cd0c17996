// `node server.mjs PORT CONNECTION_STRING`: PostGraphile with its recommended preset, and sessions to measure it with.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import pg from 'pg'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const SEED = `
  INSERT INTO session (id, kind, subject, path, started_at, client_system, username)
  SELECT replace(gen_random_uuid()::text, '-', ''),
    (CASE WHEN number % 2 = 0 THEN 'CLIENT' ELSE 'USER' END)::session_kind,
    CASE WHEN number % 2 = 1 THEN 'user-' || number % 200 END,
    ARRAY['/view/overview', 'tab-' || number % 7],
    now() + number * interval '1 millisecond',
    CASE WHEN number % 2 = 0 THEN 'iOS 18.' || number % 6 END,
    CASE WHEN number % 2 = 1 THEN 'user-' || number % 200 END
  FROM generate_series(0, $1::integer - 1) AS number
  RETURNING id`

const [port, connectionString] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString })
await pool.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  grafserv: { graphqlPath: '/graphql', graphiql: false, websockets: false },
})

const handle = async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  if (pathname === '/readyz') return response.end('ready\n')
  const { rows } = await pool.query(SEED, [searchParams.get('count')])
  await pool.query('ANALYZE session')
  const body = JSON.stringify(rows.map(({ id }) => id))
  return response.setHeader('content-length', Buffer.byteLength(body)).end(body)
}

const server = createServer()
await instance.createServ(grafserv).addTo(server)
const [answerGraphQL] = server.listeners('request')
server.removeAllListeners('request')
server.on('request', (request, response) =>
  request.url === '/graphql' ? answerGraphQL(request, response) : handle(request, response),
)
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
