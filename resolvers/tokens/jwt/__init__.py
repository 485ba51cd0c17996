"""JSON Web Tokens: credentials that an identity provider issues."""
