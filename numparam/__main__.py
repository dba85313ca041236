"""``python -m numparam`` and the command ``numparam``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; return its exit status."""
    try:
        # Here, since typer and rich are an extra.
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError as error:
        print(
            f"numparam: the command line needs {error.name}: pip install 'numparam[cli]'",
            file=sys.stderr,
        )
        return 2
    # Here, since it imports them.
    from numparam.cli.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
