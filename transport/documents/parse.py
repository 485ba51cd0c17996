"""Parsing of documents, within the limits of text length and tokens."""

from graphql import DocumentNode, GraphQLSyntaxError, TokenKind, parse

from transport.errors import Code, RequestError, bad_input, format_error, too_complex
from transport.settings import Limits


def parse_document(text: str, limits: Limits) -> DocumentNode:
    """Parse a document. Raises RequestError if it is malformed or too long."""
    if len(text) > limits.characters:
        raise too_complex("characters", limits.characters, len(text))
    if "\0" in text:
        raise bad_input("The document contains a NUL character.")
    try:
        document = parse(
            text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens, allow_empty_selection_sets=False
        )
    except GraphQLSyntaxError as error:
        raise to_request_error(error, limits) from None
    if "\\u" in text and contains_nul(document):
        raise bad_input("A string in the document contains a NUL character.")
    return document


def to_request_error(error: GraphQLSyntaxError, limits: Limits) -> RequestError:
    # graphql-core reports its limits as syntax errors; only the messages differ.
    if "Document contains more than" in error.message:
        return too_complex("tokens", limits.tokens)
    if "nested too deeply" in error.message:
        return too_complex("nesting", 200)
    # An escaped half of a surrogate pair is a bad value, not a syntax error.
    is_value = "Invalid Unicode escape sequence" in error.message
    code = Code.BAD_USER_INPUT if is_value else Code.GRAPHQL_PARSE_FAILED
    return RequestError([format_error(error, code)], well_formed=True)


def contains_nul(document: DocumentNode) -> bool:
    """Return whether a string has an escaped NUL, which some databases cannot store."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING) and "\0" in (token.value or ""):
            return True
        token = token.next
    return False
