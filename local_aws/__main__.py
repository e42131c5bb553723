"""`python -m local_aws start|stop|status|env|serve`: the embedded AWS from the command line.

Standard output carries nothing but shell lines to `eval`; progress and errors go to standard error.
"""

import argparse
import sys
from pathlib import Path

from local_aws import daemon

DEFAULT_STATE = Path(__file__).resolve().parents[1] / ".local-aws"


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 is success, 1 "not running", 2 "cannot start"."""
    arguments = _parser().parse_args(argv)
    state = arguments.state.resolve()
    try:
        if arguments.command == "serve":
            from local_aws import server  # imports ministack, which the other commands do not need

            server.serve(daemon.choose_port(arguments.port), state)
            return 0
        if arguments.command == "start":
            _print_exports(daemon.start(state, arguments.port))
            return 0
    except daemon.CannotStart as error:
        print(f"local_aws: {error}", file=sys.stderr)
        return 2
    if arguments.command == "stop":
        daemon.stop(state)
        return 0
    endpoint = daemon.running(state)
    if endpoint is None:
        print(f"local_aws: not running (no live server in {state})", file=sys.stderr)
        return 1
    if arguments.command == "env":
        _print_exports(endpoint)
    else:
        print(f"local_aws: running at {endpoint.url}, pid {endpoint.pid}, state {state}", file=sys.stderr)
    return 0


def _print_exports(endpoint: daemon.Endpoint) -> None:
    for name, value in endpoint.environment().items():
        print(f"export {name}={value}")
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description="The embedded AWS, on loopback only.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in {
        "start": "start it in the background, wait until it answers, print the export lines",
        "stop": "stop it; state is kept",
        "status": "say whether it runs; exit 1 if not",
        "env": "print the export lines of the running one; exit 1 if there is none",
        "serve": "run it in the foreground",
    }.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--state", type=Path, default=DEFAULT_STATE, help="folder of state and log (%(default)s)")
        if name in ("start", "serve"):
            command.add_argument(
                "--port", type=int, help=f"loopback port; 0 is any free one (default: {daemon.DEFAULT_PORT} if free)"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
