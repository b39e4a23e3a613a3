"""Errors of Zoho's API, sorted by what happens next."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

import requests
from airbyte_cdk.sources.declarative.requesters.error_handlers import DefaultErrorHandler
from airbyte_cdk.sources.declarative.requesters.error_handlers.backoff_strategy import (
    BackoffStrategy,
)
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
)


@dataclass
class FailuresOnly(ErrorHandler):
    """The manifest's error rules, asked about failures only.

    Why not in YAML: a filter with a `predicate` parses the body of every good page once more with
    the standard library's parser, 14 µs a row. An error inside a 2xx answer is found by whoever
    reads the answer.
    """

    rules: DefaultErrorHandler
    parameters: InitVar[Mapping[str, Any] | None] = None

    @property
    def max_retries(self) -> int | None:
        # Text only while the manifest is being read.
        return self.rules.max_retries  # type: ignore[return-value]

    @property
    def max_time(self) -> int | None:
        return self.rules.max_time

    @property
    def backoff_strategies(self) -> list[BackoffStrategy] | None:
        """Read by HttpRequester, beside the protocol of ErrorHandler."""
        return self.rules.backoff_strategies

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        if isinstance(response_or_exception, requests.Response) and response_or_exception.ok:
            return SUCCESS_RESOLUTION
        return self.rules.interpret_response(response_or_exception)


@dataclass
class Pauses(BackoffStrategy):
    """Pauses between tries: 1, 2, 4, ... seconds; none to speak of when only the token was old.

    Why not in YAML: the stock strategy begins at four seconds, even with a fresh token in hand.
    """

    parameters: InitVar[Mapping[str, Any] | None] = None

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,
    ) -> float | None:
        if (
            isinstance(response_or_exception, requests.Response)
            and response_or_exception.status_code == requests.codes.unauthorized
        ):
            return 0.01
        return float(2 ** (attempt_count - 1))
