"""`python -m ttl_archive.stack deploy|export|delete --env dev`: the CloudFormation stack of a deployment.

The template is `include/aws/stack.yaml`. What the pipeline role may touch is derived from `include/archives/*.yaml`, so
a new archive needs `deploy` again and nothing else.

Against the embedded AWS (AWS_ENDPOINT_URL is a loopback address) `deploy` applies the change set at once and prints
`export NAME=value` lines. Against an account it shows the change set, asks, applies it and writes the settings to
`.env`. Standard output carries nothing but export lines; everything else goes to standard error.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ttl_archive.change_sets import Stack, StackError, say
from ttl_archive.errors import ConfigurationError
from ttl_archive.settings import settings
from ttl_archive.stack_parameters import Place, settings_of, stack_parameters

_REPOSITORY = Path(__file__).resolve().parents[2]


def embedded_endpoint(environment: Mapping[str, str]) -> str | None:
    """AWS_ENDPOINT_URL if it is a loopback address, which only the embedded AWS has; None for an account."""
    url = environment.get("AWS_ENDPOINT_URL", "")
    host = urlsplit(url).hostname or ""
    try:
        return url if host == "localhost" or ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def find_place(session: boto3.Session, environment: str) -> Place:
    """Where the session's credentials lead.

    :raises ConfigurationError: if no region is set.
    """
    region = session.region_name
    if not region:
        raise ConfigurationError("no AWS region is set: export AWS_REGION, such as eu-central-1")
    account = session.client("sts").get_caller_identity()["Account"]
    return Place(environment, session.get_partition_for_region(region), region, account)


def write_env_file(path: Path, variables: Mapping[str, str]) -> None:
    """Put the variables into a ``.env`` file, leaving its other lines as they are."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() not in variables]
    ours = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    path.write_text("\n".join([*kept, *ours]) + "\n", encoding="utf-8")


def _deploy(arguments: argparse.Namespace, session: boto3.Session, embedded: str | None) -> int:
    include_dir = settings().include_dir
    place = find_place(session, arguments.env)
    stack = Stack(session, place.stack, poll_seconds=0.2 if embedded else 3)
    template = (include_dir / "aws" / "stack.yaml").read_text(encoding="utf-8")
    kept = stack.kept_parameters(template, dict(arguments.parameter))
    parameters = stack_parameters(place, include_dir, os.environ, kept)
    if not stack.exists():
        _refuse_taken_names(session, parameters)
    proposal = stack.propose(template, parameters)
    if proposal:
        change_set, changes = proposal
        say(f"{place.stack} in {place.account}/{place.region}: changes to make: {len(changes)}")
        if not embedded:
            for change in changes:
                say(f"  {change}")
            if not arguments.yes and not _confirmed():
                say(f"nothing was changed; the change set {change_set} is left for you to look at")
                return 1
        stack.apply(change_set)
    else:
        say(f"{place.stack} is up to date")
    variables = settings_of(stack.outputs(), embedded, place.region)
    if embedded:
        _print_exports(variables)
    else:
        write_env_file(arguments.env_file, variables)
        say(f"wrote {len(variables)} settings to {arguments.env_file}")
    return 0


def _refuse_taken_names(session: boto3.Session, parameters: Mapping[str, str]) -> None:
    """Say clearly what CloudFormation would say badly: a deleted stack has left its buckets, and their names are taken.

    :raises StackError: if a bucket of a stack that is to be created exists.
    """
    s3 = session.client("s3")
    for name in ("ArchiveBucketName", "ResultsBucketName"):
        try:
            s3.head_bucket(Bucket=parameters[name])
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                continue
        raise StackError(
            f"bucket {parameters[name]} exists already, perhaps of a deleted stack: import it into a new stack "
            "(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html), "
            f"or choose another name with --parameter {name}=..."
        )


def _export(arguments: argparse.Namespace, session: boto3.Session, embedded: str | None) -> int:
    place = find_place(session, arguments.env)
    _print_exports(settings_of(Stack(session, place.stack, poll_seconds=1).outputs(), embedded, place.region))
    return 0


def _delete(arguments: argparse.Namespace, session: boto3.Session, embedded: str | None) -> int:
    place = find_place(session, arguments.env)
    if not embedded and not arguments.yes:
        say(f"{place.stack} in {place.account}/{place.region} will be deleted; its two buckets stay")
        if not _confirmed():
            say("nothing was deleted")
            return 1
    Stack(session, place.stack, poll_seconds=0.2 if embedded else 3).delete()
    say(f"{place.stack} is deleted")
    return 0


def _confirmed() -> bool:
    """Ask on the terminal; where there is none, the answer is an error."""
    if not sys.stdin.isatty():
        raise ConfigurationError("there is no terminal to ask on: add --yes to go ahead")
    sys.stderr.write("stack: go ahead? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print_exports(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r}: expected Name=Value, such as ArchiveTransitionDays=60")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ttl_archive.stack", description="The CloudFormation stack of a deployment."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, summary in (
        ("deploy", _deploy, "create or update the stack; against an account, show the changes and ask first"),
        ("export", _export, "print the settings of the existing stack as export lines"),
        ("delete", _delete, "delete the stack; its buckets and what is in them stay"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=run)
        command.add_argument("--env", choices=("dev", "stg", "prd"), default="dev", help="default: %(default)s")
        if name != "export":
            command.add_argument("--yes", action="store_true", help="go ahead without asking")
        if name == "deploy":
            command.add_argument(
                "--parameter",
                action="append",
                default=[],
                type=_parameter,
                metavar="Name=Value",
                help="a parameter of include/aws/stack.yaml; kept by later deployments; may be repeated",
            )
            command.add_argument(
                "--env-file", type=Path, default=_REPOSITORY / ".env", help="where settings go (%(default)s)"
            )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a failure of AWS or a "no", 2 something to correct."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments, boto3.Session(), embedded_endpoint(os.environ))
    except ConfigurationError as error:
        say(str(error))
        return 2
    except (StackError, BotoCoreError, ClientError) as error:
        say(str(error))
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
