"""What the contract test knows beyond the description: how to have something
at hand that a request can succeed with, what must not be changed if the test is
to go on, which failures are no fault of the API, and which operations were seen
to succeed."""

import atexit
import json
import os
import re
import threading
import urllib.request
from collections import Counter
from itertools import count

import schemathesis
from hypothesis.internal import lambda_sources

# Hypothesis names its generators by their source, which CPython 3.11 can fail to
# parse deep inside a call (SystemError). The names are for messages only.
lambda_sources.lambda_description = lambda function: "lambda"


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """The body of a bulk request: text as it is."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.serializer("text/csv")
def table(context, value):
    """A table: text as it is."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


seen = Counter()
lock = threading.Lock()
numbers = count(1)


def call(method, path, body=None, headers={}):
    """Asks the server as the test's admin, whoever the test is just now."""
    request = urllib.request.Request(os.environ["CONTRACT_BASE"] + path, method=method, headers=headers)
    request.add_header("Authorization", "Bearer " + os.environ["CONTRACT_KEY"])
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# The test's own user and key: disabled or revoked by the test itself, they would
# make everything after that a 401.
WHO = call("GET", "/v1/auth/whoami")
OWN_USER, OWN_KEY = {WHO["user"]["id"], WHO["user"]["name"]}, {WHO["key"]["id"]}

# The value `probe` (see the dictionaries in schemathesis.toml) stands for a thing
# made for this one request, because whatever is deleted, published or scheduled
# can't be so twice. A new resource has a line here.
PROBES = {
    "article": ("/v1/editor/articles", "slug", lambda name: {"slug": name, "headline": name, "section": "kultur"}),
    "section": ("/v1/editor/sections", "slug", lambda name: {"slug": name, "name": name}),
    "topic": ("/v1/editor/topics", "slug", lambda name: {"slug": name, "name": name}),
    "author": ("/v1/editor/authors", "slug", lambda name: {"slug": name, "name": name}),
    "list": ("/v1/editor/lists", "slug", lambda name: {"slug": name, "name": name}),
    "redirect": ("/v1/editor/redirects", "id", lambda name: {"from": f"/{name}", "to": "/"}),
    "key": ("/v1/editor/keys", "id", lambda name: {"name": name, "scopes": ["read"]}),
}


def probe(parameter):
    path, member, body = PROBES[parameter]
    return call("POST", path, body(f"probe-{next(numbers)}-{os.getpid()}"))[member]


def renamed(parameter):
    """A thing made for this one request that had another slug: its slug, and that."""
    old = probe(parameter)
    path, new = PROBES[parameter][0], f"{old}-neu"
    if parameter == "article":
        # Only a slug that was public is kept.
        call("POST", f"{path}/{old}/publish", {})
    call("PATCH", f"{path}/{old}", {"slug": new}, {"If-Match": "*"})
    return new, old


# Sign-ins, made before the test guesses passwords and has to wait.
LOGIN = {"name": "anna", "password": os.environ["CONTRACT_PASSWORD"]}
REFRESH_TOKENS = [call("POST", "/v1/auth/login", LOGIN)["refresh_token"] for _ in range(40)]

# Members that only Perspektive sets. They may come back from a GET, and are
# ignored whatever they say.
READ_ONLY = re.compile(r"/properties/(version|path|created_at|updated_at|disabled_at|has_password)\b")


@schemathesis.hook
def before_call(context, case, kwargs):
    named = case.path_parameters or {}
    if named.get("user") in OWN_USER:
        named["user"] = "probe"
    if named.get("key") in OWN_KEY:
        named["key"] = "00000000-0000-7000-8000-000000000000"
    if case.operation.path.startswith("/v1/editor/"):
        renames = case.operation.path.endswith("/former-slugs/{slug}")
        for parameter, value in list(named.items()):
            if value == "probe" and parameter in PROBES:
                if renames:
                    named[parameter], named["slug"] = renamed(parameter)
                else:
                    named[parameter] = probe(parameter)
                if case.body == {"into": "probe"}:
                    case.body = {"into": probe(parameter)}
    if case.body == {"refresh_token": "probe"}:
        with lock:
            if REFRESH_TOKENS:
                case.body = {"refresh_token": REFRESH_TOKENS.pop()}


@schemathesis.hook
def after_call(context, case, response):
    # OPTIONS and other methods that the description doesn't name are tried too;
    # they are not the operation.
    if response.request.method == case.operation.method.upper():
        with lock:
            seen[(case.operation.label, response.status_code)] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False for what is no fault of the API."""
    # `fields` asks for fewer members than the schema requires; that is its use.
    if failure.title == "Response violates schema" and "fields" in (case.query or {}):
        return False
    # A bulk request is answered line by line: 200, and a status for each line, the
    # unreadable ones among them.
    if failure.title == "Schema-violating request accepted" and case.operation.path == "/v1/editor/bulk":
        return False
    if failure.title == "Schema-violating request accepted" and READ_ONLY.search(failure.message):
        return False
    return True


@atexit.register
def write_seen():
    found = {}
    for (label, status), times in sorted(seen.items()):
        found.setdefault(label, {})[str(status)] = times
    with open(os.environ["CONTRACT_SEEN"], "w") as file:
        json.dump(found, file, indent=1)
