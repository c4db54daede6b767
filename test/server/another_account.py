"""Hooks for Schemathesis: requests for what is another account's, and a check that no answer shows any of it.

BALLAST_TEST_ANOTHERS is a file with a JSON object: "ids" and "names" of the other account.
"""
import json
import os
import zlib

import schemathesis

with open(os.environ["BALLAST_TEST_ANOTHERS"]) as file:
    ANOTHERS = json.load(file)
SECRETS = [*ANOTHERS["ids"], *ANOTHERS["names"]]
IDS = {"order_id", "watchlist_id", "before_order_id", "after_order_id", "page_token"}
NAMES = {"client_order_id", "name"}


def with_anothers(drawn):
    """Every second of what names an order, a watchlist or a page names one of the other's; which, the drawn value decides."""

    def another(name, value):
        choices = ANOTHERS["ids"] if name in IDS else ANOTHERS["names"] if name in NAMES else []
        lot = zlib.crc32(repr(value).encode("utf-8", "replace"))
        return choices[(lot >> 1) % len(choices)] if choices and lot % 2 == 0 else value

    return {name: another(name, value) for name, value in drawn.items()} if isinstance(drawn, dict) else drawn


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return with_anothers(path_parameters)


@schemathesis.hook
def map_query(context, query):
    return with_anothers(query)


@schemathesis.check
def shows_nothing_of_another_account(ctx, response, case):
    """An error may say again what was asked for."""
    asked = f"{case.formatted_path} {case.query}" if response.status_code >= 400 else ""
    for secret in SECRETS:
        if secret in response.text and secret not in asked:
            raise AssertionError(f"the answer shows {secret}, which is another account's")
