"""Filters for what the CDK logs of calls to Zoho."""

import logging
import re

#: How the CDK calls every reason to make a call again.
_RATE_LIMIT = re.compile(r"UserDefinedBackoffException: Rate limit exceeded(?: \(HTTP (\d+)\))?\.")


def hide_refusals(record: logging.LogRecord) -> bool:
    """The CDK logs each refusal with its whole answer, even where it is handled, and that a token
    was renewed.

    The exception's sentence says what a refusal means. With --debug, the log has each answer.
    """
    renewal = "OAuth token" in str(record.msg) and record.levelno == logging.INFO
    return record.levelno < logging.ERROR and not renewal


def name_repeated_calls(record: logging.LogRecord) -> bool:
    """The CDK logs each call that is made again as if it met a rate limit: one that needs a new
    token goes unsaid, the others are called what they are."""
    if record.module != "rate_limiting":
        return True
    said = record.getMessage()
    if "(HTTP 401)" in said:
        return False
    record.msg, record.args = _RATE_LIMIT.sub(_name_reason, said), ()
    return True


def _name_reason(found: re.Match[str]) -> str:
    status = found[1]
    if status == "429":
        return "Zoho takes no more calls now (HTTP 429)."
    return f"A call is made again ({f'HTTP {status}' if status else 'no answer'})."
