"""What may go wrong with any call, of either connector: answers, connections, clock, tokens."""

from collections.abc import Mapping

from chaos.setting import Plan, Scene, amid, once, refusal

#: Longer than a token lives.
_TOKEN_S = 3_700
HOURS_S = 5 * 3_600
HTML = "<html><body>The service is busy.</body></html>"
HTML_HEADERS = {"content-type": "text/html"}


def html(s: Scene) -> Plan:
    return once(s.any(), "body", body=HTML, status=200, headers=HTML_HEADERS)


# --- Statuses and connections


def status(s: Scene) -> Plan:
    number = s.rng.choice([500, 502, 503, 504])
    body = s.rng.choice([HTML, refusal("INTERNAL_ERROR"), ""])
    return once(s.any(), "status", s.rng.randint(1, 3), status=number, body=body)


def status_stays(s: Scene) -> Plan:
    return Plan([{**s.main(), "do": "status", "args": {"status": 503}}])


def too_many(s: Scene) -> Plan:
    body = refusal("TOO_MANY_REQUESTS", "Many requests fired in concurrent than the allowed limit.")
    return once(s.any(), "status", s.rng.randint(1, 2), status=429, body=body)


def credits_used_up(s: Scene) -> Plan:
    def spend() -> None:
        s.org.knobs(credits_used=10**9)

    return amid(s, spend, knobs={"credits_used": 0}, says="credits")


def connections_refused(s: Scene) -> Plan:
    return amid(s, lambda: s.door.shut(3), hit=lambda: s.door.broken > 0)


def cut(s: Scene) -> Plan:
    return once(s.any(), "cut", after_bytes=s.rng.randint(0, 2_000))


# --- Zoho's clock, hosts and tokens


def date(s: Scene, off_s: int) -> Plan:
    # The first calls are those whose time a run may go by.
    where = s.rng.choice([{"match": "settings.*"}, {"match": "org"}, s.any(), s.early()])
    return once(where, "date", s.rng.randint(1, 5), off_s=off_s)


def redirect(s: Scene, number: int) -> Plan:
    where = s.rng.choice([s.main(), {"match": "token"}, {"match": "settings.modules"}])
    headers = {"Location": f"{s.foreign}/crm/v8/Leads"}
    return once(where, "status", 20, status=number, headers=headers)


def token_refused(s: Scene) -> Plan:
    return once(s.any(), "status", status=401, body=refusal("INVALID_TOKEN"))


def token_expires(s: Scene) -> Plan:
    before = s.org.tokens()
    return amid(s, lambda: s.org.advance(_TOKEN_S), hit=lambda: s.org.tokens() >= before + 2)


def token_revoked(s: Scene) -> Plan:
    gone = {"match": "token", "after": 1, "do": "body", "args": {"body": {"error": "invalid_code"}}}
    return amid(s, lambda: s.org.advance(_TOKEN_S), gone, says="(?i)refresh token")


def token_odd(s: Scene) -> Plan:
    body = s.rng.choice([{}, {"error": "general_error"}, {"access_token": None}, "", HTML])
    return once({"match": "token"}, "body", body=body)


def token_bare(s: Scene) -> Plan:
    knobs: Mapping[str, object] = s.rng.choice(
        [
            {"token_without": ["expires_in"]},
            {"token_without": ["expires_in", "api_domain", "token_type"]},
            {"token_expires_in": 3_600_000},
        ]
    )
    before = s.org.tokens()
    return Plan(knobs=knobs, hit=lambda: s.org.tokens() > before)
