"""What the contract test knows beyond the description: how to have something
at hand that a request can succeed with, what must not be changed if the test is
to go on, which failures are no fault of the API, and which operations were seen
to succeed."""

import atexit
import functools
import json
import os
import re
import struct
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import Counter
from itertools import count

import schemathesis
from hypothesis import strategies
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
        content = answer.read()
        return json.loads(content) if content else None


# The test's own user and key: disabled or revoked by the test itself, they would
# make everything after that a 401.
WHO = call("GET", "/v1/auth/whoami")
OWN_USER, OWN_KEY = {WHO["user"]["id"], WHO["user"]["name"]}, {WHO["key"]["id"]}

# The newsroom's own sections.
SECTIONS = {section["slug"] for section in call("GET", "/v1/editor/sections")["items"]}

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


def chunk(kind, content):
    summed = kind + content
    return struct.pack(">I", len(content)) + summed + struct.pack(">I", zlib.crc32(summed))


def picture(number):
    """A PNG of one pixel."""
    number = struct.pack(">I", number)[1:]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + number))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


# A schema can't say what makes bytes a picture; which of the types it is follows
# from the bytes anyhow.
for kind in ("image/jpeg", "image/png", "image/webp", "image/gif"):
    schemathesis.openapi.media_type(kind, strategies.integers(0, 2**16).map(picture))


def medium():
    """Uploads a picture that nobody else has."""
    request = urllib.request.Request(os.environ["CONTRACT_BASE"] + "/v1/editor/media", picture(2**16 + next(numbers)), method="POST")
    request.add_header("Authorization", "Bearer " + os.environ["CONTRACT_KEY"])
    request.add_header("Content-Type", "image/png")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def probe(parameter):
    if parameter == "media":
        return medium()["id"]
    path, member, body = PROBES[parameter]
    new = body(f"probe-{next(numbers)}-{os.getpid()}")
    try:
        return call("POST", path, new)[member]
    except urllib.error.HTTPError as error:
        # There may be 500 sections, and the test makes more than that.
        if parameter != "section" or error.code != 409:
            raise
        clear_sections()
        return call("POST", path, new)[member]


def clear_sections():
    """Removes the sections that the test has made, as far as nothing stands in them."""
    with lock:
        for section in call("GET", "/v1/editor/sections")["items"]:
            if section["slug"] not in SECTIONS:
                try:
                    call("DELETE", "/v1/editor/sections/" + section["slug"], None, {"If-Match": "*"})
                except urllib.error.HTTPError:
                    pass


@functools.cache
def rendered():
    """A picture whose renditions are made."""
    made = medium()
    for _ in range(100):
        if made["status"] == "ready":
            break
        time.sleep(0.1)
        made = call("GET", "/v1/editor/media/" + made["id"])
    return made


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
            if value == "probe" and (parameter in PROBES or parameter == "media"):
                if renames:
                    named[parameter], named["slug"] = renamed(parameter)
                else:
                    named[parameter] = probe(parameter)
                if case.body == {"into": "probe"}:
                    case.body = {"into": probe(parameter)}
    if case.operation.label == "GET /media/{media}/{rendition}" and named.get("media") == "probe":
        named["media"], named["rendition"] = rendered()["id"], "1.webp"
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
