// What an application writes with generated types; `tsc --strict` is the test.
import type { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { type FragmentType, graphql, useFragment } from "./graphql/index.ts";
import type { Json } from "./json.ts";

const Row = graphql(`
  fragment Row on Session {
    __typename
    id
    kind
    startedAt
    endedAt
    metadata
    ... on UserSession { username }
    ... on FieldSession { data { name value rawData } }
  }
`);

const List = graphql(`
  query List($filter: SessionFilter, $first: Int) {
    sessions(filter: $filter, first: $first) { totalCount nodes { ...Row } }
  }
`);

const Start = graphql(`
  mutation Start($input: StartSessionInput!) {
    startSession(input: $input) { created session { ...Row } problems { code message path } }
  }
`);

const Live = graphql(`
  subscription Live($filter: SessionFilter, $after: String) {
    activeSessions(filter: $filter, after: $after) {
      __typename
      ... on SessionSnapshot { sessions { ...Row } first cursor }
      ... on SessionChange { change id session { ...Row } cursor }
      ... on FeedResync { reason cursor }
    }
  }
`);

export const starting: VariablesOf<typeof Start> = {
  input: { metadata: { browser: "Firefox", tabs: [1, 2] }, variant: { user: { username: "ada" } } },
};

// @ts-expect-error a variant is exactly one of the kinds
export const both: VariablesOf<typeof Start> = { input: { variant: { user: { username: "ada" }, client: {} } } };

export function title(session: FragmentType<typeof Row>): string {
  const row = useFragment(Row, session);
  const metadata: Json = row.metadata;
  const since: string = row.startedAt;
  switch (row.__typename) {
    case "UserSession":
      return `${row.username} ${since}`;
    case "FieldSession":
      return row.data.map(({ name, value }) => `${name}: ${value ?? "…"}`).join();
    default:
      return `${row.kind} ${row.endedAt?.slice(0, 10) ?? JSON.stringify(metadata)}`;
  }
}

export const titles = (list: ResultOf<typeof List>): string[] => list.sessions?.nodes.map(title) ?? [];

export function cursor({ activeSessions: item }: ResultOf<typeof Live>): string {
  switch (item.__typename) {
    case "SessionSnapshot":
      return item.cursor;
    case "SessionChange":
      return item.change === "REMOVED" ? item.id : item.cursor;
    case "FeedResync":
      return item.reason;
  }
}
