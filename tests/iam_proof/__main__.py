"""`make iam-proof`: that the pipeline role's policy is sufficient and minimal.

Runs the DAGs in every mode under the role, with the embedded IAM enforcing and recording; prints which statement
allowed what; then runs them again and takes each granted action away in turn, where it is needed first.

`python -m tests.iam_proof compare --role NAME LOG...` compares the policy of a role in an account, read with the
environment's credentials, with the calls that CloudTrail recorded: log files as CloudTrail delivers them, plain or
gzipped. Nothing is run and nothing is changed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import boto3

from tests.iam_proof.calls import Call, from_cloudtrail
from tests.iam_proof.outcome import Outcome
from tests.iam_proof.policy import RolePolicies
from tests.iam_proof.proof import Comparison, not_exercised, removal_problems, uses

_BUILD = Path(__file__).resolve().parents[2] / "build/iam-proof"


def _prove() -> int:
    # Imported here, since they take the shell's own AWS credentials out of the environment.
    from tests.iam_proof import place
    from tests.iam_proof.drive import MODES, drive

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="iam-proof-") as folder, place.embedded(Path(folder)) as deployment:
        _say(f"the DAGs in {len(MODES)} modes, under the pipeline role")
        recording = place.make(deployment, "stg")
        policies = RolePolicies.of(recording.iam, recording.role_name)
        outcome = drive(recording, list(MODES))
        _keep("calls", outcome)
        comparison = Comparison(policies, [Call(**call) for _, _, call in outcome.calls])
        problems = [f"{mode}: the run ended as {state}" for mode, state in outcome.states.items() if state != "success"]
        problems += comparison.problems(not_exercised())
        _report(comparison)
        if not problems:
            _say("each granted action taken away in turn")
            removing = place.make(deployment, "prd")
            whole = RolePolicies.of(removing.iam, removing.role_name)
            needed = set(comparison.needed)
            again = drive(removing, list(MODES), uses(policies, outcome))
            _keep("removals", again)
            problems += removal_problems(again, [each for each in whole.grants if each in needed])
            done = len({each.grant for each in again.removals if each.outcome == "explained"})
            _say(f"{done} of {len(needed)} removals failed a task with the explanation that names the action")
    return _judge(problems, began)


def _compare(role: str, logs: Sequence[Path]) -> int:
    began = time.monotonic()
    policies = RolePolicies.of(boto3.client("iam"), role)
    calls: list[Call] = []
    for path in logs:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        calls += [call for call in from_cloudtrail(json.loads(text)) if call.of_role(role)]
    _say(f"{len(calls)} calls of {role} in {len(logs)} files")
    comparison = Comparison(policies, calls)
    _report(comparison)
    # Against AWS itself, what is declared as not exercised may well be.
    declared = [each for each in not_exercised() if each.grant not in comparison.needed]
    return _judge(list(comparison.problems(declared)), began)


def _keep(name: str, outcome: Outcome) -> None:
    """The whole record, for whoever wants to look closer."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    (_BUILD / f"{name}.json").write_text(outcome.model_dump_json(indent=1), encoding="utf-8")


def _report(comparison: Comparison) -> None:
    for line in comparison.table():
        print(line)  # noqa: T201 - the table is what the command is for
    for each in not_exercised():
        print(f"not exercised: {each.grant}: {each.reason} {each.page}")  # noqa: T201


def _judge(problems: Sequence[str], began: float) -> int:
    for problem in problems:
        _say(f"FAILED {problem}")
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    _say(f"{'not proven' if problems else 'proven: sufficient and minimal'}, in {minutes}:{seconds:02d} minutes")
    return 1 if problems else 0


def _say(text: str) -> None:
    sys.stderr.write(f"iam-proof: {text}\n")
    sys.stderr.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """0 if proven, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m tests.iam_proof", description="Least privilege, proven.")
    commands = parser.add_subparsers(dest="command")
    compare = commands.add_parser("compare", help="compare a role's policy in an account with CloudTrail's log files")
    compare.add_argument("--role", required=True, help="the role's name, such as ttl-archive-prd-pipeline")
    compare.add_argument("logs", nargs="+", type=Path, metavar="LOG")
    arguments = parser.parse_args(argv)
    return _compare(arguments.role, arguments.logs) if arguments.command == "compare" else _prove()


if __name__ == "__main__":
    sys.exit(main())
