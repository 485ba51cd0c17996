// The printed schema under the recommended and the Relay rules of graphql-eslint; exceptions with their reasons.
const { resolve } = require("node:path");

module.exports = {
  root: true,
  extends: ["plugin:@graphql-eslint/schema-recommended", "plugin:@graphql-eslint/relay"],
  parserOptions: { schema: resolve(__dirname, "../../schema/schema.graphql") },
  rules: {
    // Stricter than recommended: fields, arguments and input fields are described too.
    "@graphql-eslint/require-description": [
      "error",
      { types: true, DirectiveDefinition: true, FieldDefinition: true, InputValueDefinition: true },
    ],
    // Lists that are bounded by what they belong to (the paths of a session, its problems) need no cursors.
    "@graphql-eslint/relay-edge-types": [
      "error",
      { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false },
    ],
    "@graphql-eslint/strict-id-in-types": [
      "error",
      {
        exceptions: {
          // What an operation answers, and the frame around a page, have no life of their own.
          suffixes: ["Payload", "Connection", "Edge"],
          // Values: parts of what they hang on, never fetched or changed alone.
          types: [
            "DataPoint", "EndReasonStats", "FeedResync", "GroupStats", "KindStats", "KindTimeout", "MediaMetrics", "PageInfo",
            "PathStats", "PathTime", "PlayerStateTime", "Problem", "ProjectStats", "SessionSnapshot", "SessionStats",
            "StatsBucket", "SubjectStats", "Summary",
            "Viewer", // the caller: each has just one
          ],
        },
      },
    ],
  },
};
