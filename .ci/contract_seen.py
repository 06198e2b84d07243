"""Fails unless enough operations of the description were seen to succeed:
contract_seen.py openapi.json seen-….json…

An operation with few parameters may have fewer than 200 different requests; the
test then ends with the last of them."""

import json
import sys
from collections import Counter

WANTED = 0.8
METHODS = ("get", "put", "post", "patch", "delete")

with open(sys.argv[1]) as file:
    paths = json.load(file)["paths"]
operations = [f"{method.upper()} {path}" for path, item in paths.items() for method in METHODS if method in item]

seen, requests = {}, 0
for name in sys.argv[2:]:
    with open(name) as file:
        for label, statuses in json.load(file).items():
            requests += sum(statuses.values())
            seen.setdefault(label, Counter()).update(statuses)

good, rare = [], []
for label in operations:
    statuses = seen.get(label, Counter())
    if any(status.startswith("2") for status in statuses):
        good.append(label)
    else:
        print(f"never 2xx: {label} {dict(statuses)}")
    if sum(statuses.values()) < 200:
        rare.append(label)
        print(f"fewer than 200 different requests: {label}")
share = len(good) / len(operations)
print(f"CI: {requests} requests; {len(good)} of {len(operations)} operations seen with 2xx, {len(operations) - len(rare)} asked 200 times or more")
sys.exit(share < WANTED)
