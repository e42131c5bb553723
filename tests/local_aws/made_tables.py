"""Tables over objects that a test writes itself."""

import uuid

from tests.local_aws.harness import Athena, Row

OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"


def make_table(
    athena: Athena, columns: str, objects: dict[str, bytes | str], serde: str = OPENX, more: str = "",
    partitioned: str = "",
) -> str:  # fmt: skip
    """Make a table over the given objects (key below its location -> body); its name, also its folder's."""
    name = f"t_{uuid.uuid4().hex[:10]}"
    for key, body in objects.items():
        data = body.encode() if isinstance(body, str) else body
        athena.s3.put_object(Bucket=athena.bucket, Key=f"{name}/{key}", Body=data)
    athena.run(
        f"CREATE EXTERNAL TABLE {name} ({columns}) {partitioned} {serde} LOCATION 's3://{athena.bucket}/{name}/' {more}"
    )
    return name


def properties(**given: str) -> str:
    """The OpenX SerDe with properties, `__` for a dot in their names."""
    listed = ", ".join(f"'{name.replace('__', '.')}' = '{value}'" for name, value in given.items())
    return f"{OPENX} WITH SERDEPROPERTIES ({listed})"


def rows(athena: Athena, columns: str, text: bytes | str, serde: str = OPENX, more: str = "") -> list[Row]:
    """The rows of a table over one object."""
    return athena.run(f"SELECT * FROM {make_table(athena, columns, {'x': text}, serde, more)}").rows


def failure(athena: Athena, columns: str, text: bytes | str, serde: str = OPENX, more: str = "") -> str:
    """Why the query of such a table fails."""
    return athena.fails(f"SELECT * FROM {make_table(athena, columns, {'x': text}, serde, more)}")
