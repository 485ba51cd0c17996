-- Sessions of two kinds in one table, as PostGraphile publishes it, with their state as a computed column.
CREATE TYPE session_kind AS ENUM ('CLIENT', 'USER');

CREATE TABLE session (
  id text PRIMARY KEY,
  kind session_kind NOT NULL,
  subject text,
  visible boolean NOT NULL DEFAULT true,
  path text[] NOT NULL,
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT now(),
  timeout_seconds integer NOT NULL DEFAULT 86400,
  ended_at timestamptz(3),
  client_system text,
  username text
);

CREATE INDEX ON session (started_at DESC, id);
CREATE INDEX ON session (last_seen_at DESC, id);

CREATE FUNCTION session_state(session session) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN session.ended_at IS NOT NULL THEN 'ENDED'
    WHEN session.last_seen_at + session.timeout_seconds * interval '1 second' <= now() THEN 'ENDED'
    ELSE 'ACTIVE'
  END
$$;

-- Lists with a filter and an order, which the generated fields do not combine. PostgreSQL inlines them.
CREATE FUNCTION newest_sessions(started_after timestamptz) RETURNS SETOF session LANGUAGE sql STABLE AS $$
  SELECT * FROM session WHERE started_at > started_after ORDER BY started_at DESC, id
$$;

CREATE FUNCTION last_seen_sessions(started_after timestamptz) RETURNS SETOF session LANGUAGE sql STABLE AS $$
  SELECT * FROM session WHERE started_at > started_after ORDER BY last_seen_at DESC, id
$$;
