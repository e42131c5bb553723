"""Secrets and item contents are planted, a whole run is made, and everything that it wrote is searched for them."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from tests.e2e.conftest import _deployed
from tests.e2e.deployment import Deployment, copy_include
from tests.e2e.laboratory import ARCHIVES, create_table, diary, diary_month, last_month
from tests.mailbox import Mailbox, open_mailbox
from ttl_archive.config import find_archive

NAME = "secretive"


@dataclass
class Searched:
    """A run with canaries, and every text that it left, by where it lies.

    :param secrets: what nobody may write down, by what it is.
    :param content: what stands in an attribute of each item that is no key and no column.
    """

    mailbox: Mailbox
    secrets: dict[str, str]
    content: str
    local: dict[str, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)

    def holding(self, canary: str, *, among: dict[str, bytes]) -> list[str]:
        """Where a canary stands, as it is or as a URL has it."""
        forms = {canary.encode(), quote(canary, safe="").encode(), json.dumps(canary)[1:-1].encode()}
        return sorted(where for where, text in among.items() if any(form in text for form in forms))


@pytest.fixture(scope="module")
def searched(embedded: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    include = copy_include(tmp_path_factory.mktemp("canaries") / "include")
    notify = {
        "email": {"to": ["analysts@example.com"], "from": "archive@example.com"},
        "apprise": {"tag": "report"},
    }
    archive = {
        **ARCHIVES["diary"],
        "source": {**ARCHIVES["diary"]["source"], "table": "${TTL_ARCHIVE_TABLE_PREFIX}secretive"},
        "destination": {"bucket": "${TTL_ARCHIVE_BUCKET}", "prefix": "secretive/"},
        "catalog": {"database": NAME, "table": "diary"},
        "report": {"title": "Secretive", "notify": notify},
    }
    (include / f"archives/{NAME}.yaml").write_text(yaml.safe_dump(archive, sort_keys=False))
    deployment = _deployed(embedded.with_variables({"TTL_ARCHIVE_INCLUDE_DIR": str(include)}), "--env", "prd")
    found = find_archive(include, NAME, deployment.environment)
    create_table(deployment, found.source.table, "diary", found.source.ttl.attribute)
    content = f"canary-content-{secrets.token_hex(12)}"
    month = last_month(found)
    private = {"private": {"S": content}}
    items = [*diary_month(month, 20), diary(900, "some day"), diary(901, f"{month.next}-01T00:00:00Z")]
    requests = [{"PutRequest": {"Item": {**item, **private}}} for item in items]
    deployment.admin().dynamodb.batch_write_item(RequestItems={found.source.table: requests})

    given = deployment.admin().sts.assume_role(RoleArn=deployment.role, RoleSessionName="canary")["Credentials"]
    connection = json.loads(deployment.environment["AIRFLOW_CONN_AWS_DEFAULT"])
    del connection["extra"]["role_arn"]
    connection |= {"login": given["AccessKeyId"], "password": given["SecretAccessKey"]}
    connection["extra"]["aws_session_token"] = given["SessionToken"]
    with open_mailbox() as mailbox:
        searched = Searched(
            mailbox,
            {
                "secret access key": given["SecretAccessKey"],
                "session token": given["SessionToken"],
                "SMTP password": f"canary-smtp-{secrets.token_hex(12)}",
                "Apprise token": f"canary-apprise-{secrets.token_hex(12)}",
            },
            content,
        )
        connections = mailbox.connections()
        smtp = json.loads(connections["AIRFLOW_CONN_SMTP_DEFAULT"])
        smtp |= {"login": "archive", "password": searched.secrets["SMTP password"]}
        url = f"json://{mailbox.http}/{searched.secrets['Apprise token']}/"
        apprise = {"conn_type": "apprise", "extra": {"config": [{"path": url, "tag": "report"}]}}
        deployment = deployment.with_variables(
            {
                "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
                "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
                "AIRFLOW_CONN_APPRISE_DEFAULT": json.dumps(apprise),
            }
        )
        done = deployment.archive(NAME, "--month", str(month))
        assert done.returncode == 0, done.stderr
        home = Path(deployment.environment["AIRFLOW_HOME"])
        searched.local = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
        searched.local["what the command said"] = (done.stdout + done.stderr).encode()
        s3 = deployment.admin().s3
        for bucket, key, _ in deployment.objects():
            if NAME in key or key.startswith("athena/"):
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                searched.objects[key] = gzip.decompress(body) if key.endswith(".gz") else body
        yield searched


SECRETS = ["secret access key", "session token", "SMTP password", "Apprise token"]


def test_the_secrets_were_used(searched: Searched) -> None:
    assert sorted(searched.secrets) == sorted(SECRETS)
    assert searched.mailbox.passwords == [searched.secrets["SMTP password"].encode()]
    assert len(searched.mailbox.mails) == 1
    assert len(searched.mailbox.posts) == 1


def test_what_is_searched_is_what_a_run_writes(searched: Searched) -> None:
    """Otherwise nothing would be found, whatever is written."""
    xcom_and_templates = searched.holding(f"_staging/{NAME}/", among=searched.local)
    assert "airflow.db" in {where.removesuffix("-wal") for where in xcom_and_templates}
    assert searched.holding("deliver_report", among=searched.local) > ["airflow.db"]
    assert searched.holding("Athena query", among=searched.local) or any("logs/" in each for each in searched.local)
    folders = {key.partition("/")[0] for key in searched.objects}
    assert folders >= {"_manifests", "_staging", "_quarantine", "_parquet", NAME, "reports", "athena"}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_written_nowhere(searched: Searched, name: str) -> None:
    assert searched.holding(searched.secrets[name], among=searched.local) == []
    assert searched.holding(searched.secrets[name], among=searched.objects) == []
    for _, message in searched.mailbox.mails:
        assert searched.holding(searched.secrets[name], among={"mail": message.as_bytes()}) == []


def test_item_contents_are_only_where_the_items_are(searched: Searched) -> None:
    assert searched.holding(searched.content, among=searched.local) == []
    found = {key.partition("/")[0] for key in searched.holding(searched.content, among=searched.objects)}
    assert found == {"_staging", "_quarantine", NAME}
    told = {f"mail {n}": message.as_bytes() for n, (_, message) in enumerate(searched.mailbox.mails)}
    told |= {f"post {n}": json.dumps(post).encode() for n, post in enumerate(searched.mailbox.posts)}
    assert searched.holding(searched.content, among=told) == []
