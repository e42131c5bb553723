"""Transactions' request tokens that are known after a restart too, for the ten minutes that they are good for.

Seen in ministack 1.5.33: they are forgotten. Exit condition: `ministack.services.dynamodb.get_state` has them.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import copy
from typing import Any


def install() -> None:
    """Save and load them with what ministack keeps of tables; it loads its state once the server starts."""
    from ministack.services import dynamodb

    save, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {**save(), "transaction_tokens": copy.deepcopy(dynamodb._txn_idempotency)}

    def load_persisted_state(state: Any) -> None:
        load(state)
        dynamodb._txn_idempotency.update((state or {}).get("transaction_tokens", {}))

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state
