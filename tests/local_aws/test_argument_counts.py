"""The calls whose arguments Trino's parser counts: such a query is refused when it is submitted."""

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.harness import Athena

REFUSED = {
    "SELECT coalesce(1)": "line 1:8: The 'coalesce' function must have at least two arguments",
    "SELECT 1 + Coalesce()": "line 1:12: The 'coalesce' function must have at least two arguments",
    "SELECT nullif(1)": "line 1:8: Invalid number of arguments for 'nullif' function",
    "SELECT nullif(1, 2, 3)": "line 1:8: Invalid number of arguments for 'nullif' function",
    "SELECT try(1, 2)": "line 1:8: The 'try' function must have exactly one argument",
    "SELECT try()": "line 1:8: The 'try' function must have exactly one argument",
    "SELECT format('x')": "line 1:8: The 'format' function must have at least two arguments",
}


@pytest.mark.parametrize(("sql", "message"), REFUSED.items(), ids=list(REFUSED))
def test_number_of_arguments(athena: Athena, sql: str, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        athena.run(sql)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    assert message in caught.value.response["Error"]["Message"]
