"""strace, as the prefix of a command. A test is skipped without it, and fails in CI."""

import subprocess

from tests.clients.node import command, skip_or_fail


def strace(*options: str) -> list[str]:
    """Return the command that precedes the one to trace. The process keeps its id: strace is not its parent."""
    program = command("strace")
    if subprocess.run([program, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        skip_or_fail("strace with the right to trace")
    return [program, "-D", "-f", "--seccomp-bpf", *options]
