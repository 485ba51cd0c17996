"""Tokens: creating, revoking and listing them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from models.clock import Instant, to_rfc3339
from models.database import Transaction
from models.enums import AuditAction, ProblemCode, Scope
from models.ids import TOKEN, new_id
from models.kinds.token import MAX_ITEMS, NewTokenFields
from models.kinds.validation import in_input_order, validate
from models.problems import Problem, prefix_paths, quote
from models.tables.rows import AuditEntry, Token
from resolvers.access import Caller, require
from resolvers.audit.entry import new_entry
from resolvers.audit.repository import append_entries
from resolvers.context import Context
from resolvers.lifecycle.result import MutationResult, failure
from resolvers.pagination.keyset import Page, PageArgs, read_page
from resolvers.tokens import repository, secrets
from resolvers.tokens.grants import find_excess


class TokenCreation(NamedTuple):
    caller: Caller
    now: Instant
    fields: NewTokenFields
    problems: tuple[Problem, ...]
    """Those of the input by itself."""

    @classmethod
    def from_input(cls, caller: Caller, now: Instant, values: Mapping[str, Any]) -> Self:
        return cls(caller, now, *validate(NewTokenFields, values))


class TokenRevocation(NamedTuple):
    caller: Caller
    now: Instant
    id: str


async def list_tokens(context: Context, page: PageArgs) -> Page[Token]:
    """Read a page of the tokens within the caller's projects.

    Raises:
        Forbidden: the caller lacks ADMIN.
        BadUserInput: a page argument is out of range, or a cursor is of another list.
    """
    require(context.caller, Scope.ADMIN)
    return await read_page(context.database, repository.tokens_query(context.caller), page)


async def get_token(context: Context, token_id: str) -> Token | None:
    """Find a token by id; null if there is none within the caller's projects.

    Raises:
        Forbidden: the caller lacks ADMIN.
    """
    require(context.caller, Scope.ADMIN)
    return await context.database.read(repository.find_token, context.caller, token_id)


async def create_token(context: Context, values: Mapping[str, Any]) -> MutationResult:
    """Create a token with no more scopes and projects than the caller's; only the result has the secret."""
    require(context.caller, Scope.ADMIN)
    return await context.write(create, TokenCreation.from_input(context.caller, context.now, values))


async def revoke_token(context: Context, token_id: str) -> MutationResult:
    """Revoke a token at once; a revoked one stays as it is."""
    require(context.caller, Scope.ADMIN)
    return await context.write(revoke, TokenRevocation(context.caller, context.now, token_id))


def create(tx: Transaction, creation: TokenCreation) -> MutationResult:
    fields = creation.fields
    known_projects = repository.find_projects(tx, creation.caller, (fields.project_ids or [])[:MAX_ITEMS])
    excess = find_excess(creation.caller, creation.now, fields, known_projects)
    if problems := in_input_order(NewTokenFields, [*creation.problems, *excess]):
        return failure(*prefix_paths(problems, "input"))
    secret = secrets.new_secret()
    token = Token(
        id=new_id(TOKEN),
        lookup=secrets.lookup_of(secret),
        digest=secrets.digest(secret),
        name=fields.name,
        scopes=[scope.value for scope in Scope if scope in fields.scopes],
        project_ids=None if fields.project_ids is None else sorted(fields.project_ids),
        kinds=None if fields.kinds is None else [kind.value for kind in fields.kinds],
        origins=fields.origins,
        created_at=creation.now,
        expires_at=fields.expires_at,
        last_used_at=None,
        revoked_at=None,
    )
    repository.insert_token(tx, token)
    append_entries(tx, [_creation_entry(creation, token)])
    return MutationResult(token=token, secret=secret)


def revoke(tx: Transaction, revocation: TokenRevocation) -> MutationResult:
    token = repository.find_token(tx, revocation.caller, revocation.id)
    if token is None:
        message = f"must be the id of a token, not {quote(revocation.id)}"
        return failure(Problem(("input", "id"), message, ProblemCode.NOT_FOUND))
    if token.revoked_at is None:
        repository.revoke_token(tx, token.id, revocation.now)
        token.revoked_at = revocation.now
        action, details = AuditAction.TOKEN_REVOKED, {"name": token.name}
        append_entries(tx, [_entry(revocation.caller, revocation.now, action, token, details)])
    return MutationResult(token=token)


def _creation_entry(creation: TokenCreation, token: Token) -> AuditEntry:
    granted = {
        "name": token.name,
        "scopes": token.scopes,
        "projectIds": token.project_ids,
        "kinds": token.kinds,
        "origins": token.origins,
        "expiresAt": None if token.expires_at is None else to_rfc3339(token.expires_at),
    }
    return _entry(creation.caller, creation.now, AuditAction.TOKEN_CREATED, token, granted)


def _entry(caller: Caller, now: Instant, action: AuditAction, token: Token, details: Mapping[str, Any]) -> AuditEntry:
    project_ids = token.project_ids or ()
    project_id = project_ids[0] if len(project_ids) == 1 else None
    return new_entry(caller, now, action, details, target_id=token.id, project_id=project_id)
