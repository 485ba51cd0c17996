"""Headers of the pages, beside those of every response."""

from typing import Final

BASE_CSP: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_CSP: Final = f"{BASE_CSP}; style-src 'self'; img-src 'self'"
PICTURE_CSP: Final = f"{BASE_CSP}; style-src 'unsafe-inline'"
"""Of SVG, which has its style in it, for a light page and for a dark one."""
# Monaco writes inline styles; the fonts and some icons are data: URLs in the vendored style.
GRAPHIQL_CSP: Final = (
    f"{BASE_CSP}; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
)


def page_headers(csp: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": csp,
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",
    }
