// What a page of sessions would ask for: a list that grows, a fragment on the interface, one session asked for again.
declare function graphql(text: TemplateStringsArray): unknown;

export const row = graphql`
  fragment sessions_row on Session {
    id
    kind
    state
    startedAt
    ... on UserSession { username }
    ... on MediaSession { playerState }
  }
`;

export const list = graphql`
  fragment sessions_list on Query
  @refetchable(queryName: "sessionsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    sessions(first: $count, after: $cursor, filter: { active: true }) @connection(key: "sessions_sessions") {
      edges { node { ...sessions_row } }
    }
  }
`;

export const page = graphql`
  query sessionsQuery { ...sessions_list }
`;

export const times = graphql`
  fragment sessions_times on Session @refetchable(queryName: "sessionsTimesQuery") {
    elapsedSeconds
    visibleSeconds
    pathTimes { path visibleSeconds }
  }
`;

export const timeline = graphql`
  fragment sessions_timeline on UserSession
  @refetchable(queryName: "sessionsTimelineQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    activities(first: $count, after: $cursor) @connection(key: "sessions_activities") {
      edges { node { type at } }
    }
  }
`;

export const detail = graphql`
  query sessionsDetailQuery($id: ID!) {
    session(id: $id) {
      ...sessions_row
      ...sessions_times @defer(label: "times")
      ...sessions_timeline @alias
    }
  }
`;

export const start = graphql`
  mutation sessionsStartMutation($input: StartSessionInput!, $connections: [ID!]!) {
    startSession(input: $input) {
      session @prependNode(connections: $connections, edgeTypeName: "SessionEdge") { ...sessions_row }
      problems { code message path }
    }
  }
`;

export const live = graphql`
  subscription sessionsLiveSubscription($filter: SessionFilter, $after: String) {
    activeSessions(filter: $filter, after: $after) {
      ... on SessionSnapshot { sessions { ...sessions_row } first last cursor }
      ... on SessionChange { change id session { ...sessions_row } cursor }
      ... on FeedResync { reason }
    }
  }
`;
