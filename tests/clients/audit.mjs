// Prints the outcome of every check of the public GraphQL-over-HTTP audit: node audit.mjs <endpoint>
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2], fetchFn: fetch });
const checks = results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }));
console.log(JSON.stringify(checks));
