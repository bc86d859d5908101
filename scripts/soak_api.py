"""Prepares a fresh server and lets schemathesis loose on it. Called by scripts/soak-api.

The first owner comes from the set-up link, the API keys from the settings page, as people make them. Every path
parameter gets an id that is there, so that answers and not only refusals are checked; wrong ids come from the
generator. What would end the run is done in a run of its own, with a key of its own.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

PASSWORD = "seven quiet lighthouses"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# Left out: positive_data_acceptance, because the schemas do not tell every rule (an address that is an address, a time
# that is to come), and what needs the links between operations that stateful testing follows.

setup_link, folder, examples = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
origin = setup_link.split("/setup")[0]


def submit(browser, path, fields):
    """Opens a page and sends its form."""
    page = browser.get(origin + path)
    page.raise_for_status()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    answer = browser.post(origin + path, {**hidden, **fields})
    answer.raise_for_status()
    return answer


def make_key(browser, name):
    """An API key that may do everything and lives for a day or longer."""
    page = submit(browser, "/settings/api-keys/new", {"name": name, "scopes": "all"})
    found = re.search(r"vstk_[0-9A-Za-z]{49}", page.text)
    assert found, f"no key on the page: {page.status_code} {page.url}"
    return found.group()


browser = requests.Session()
browser.get(setup_link).raise_for_status()
submit(browser, "/setup", {"name": "Grace Hopper", "email": "grace@example.org", "password": PASSWORD})
key = make_key(browser, "Soak")
for name in ("First to go", "Second to go"):
    make_key(browser, name)
# Each may end the key that it is called with: ids in answers come back as parameters. So each has a key of its own, made
# now, while the sign-in is fresh.
LAST = ["post_keys_id_rotate", "delete_keys_current", "delete_keys_id", "delete_users_id_keys_key_id"]
last_keys = {name: make_key(browser, name) for name in LAST}

api = requests.Session()
api.headers["Authorization"] = f"Bearer {key}"


def call(method, path, body=None):
    """Makes something to point at."""
    answer = api.request(method, origin + path, json=body)
    answer.raise_for_status()
    return answer.json()


owner = call("GET", "/api/v1/me")["user"]["id"]
user = call("POST", "/api/v1/users", {"email": "reader@example.org", "display_name": "Reader"})["id"]
group = call("POST", "/api/v1/groups", {"name": "Readers"})["id"]
doomed = call("POST", "/api/v1/groups", {"name": "Short-lived"})["id"]
call("PUT", f"/api/v1/groups/{group}/members/{user}", {})
leaver = call("POST", "/api/v1/users", {"email": "leaver@example.org", "display_name": "Leaver"})["id"]
call("PUT", f"/api/v1/groups/{group}/members/{leaver}", {})
suspended = call("POST", "/api/v1/users", {"email": "away@example.org", "display_name": "Away"})["id"]
call("PUT", f"/api/v1/users/{suspended}/suspension", {"reason": "Away"})
unused = call("POST", "/api/v1/schemas", {"id": "unused", "name": "Unused", "schema": {"type": "object"}})["id"]
invites = [call("POST", "/api/v1/invites", {"email": f"bob{n}@example.org"})["id"] for n in range(5)]
rows = [{"rows": [{"email": f"row{n}@example.org"}]} for n in range(2)]
batches = [call("POST", "/api/v1/invites/batches", row)["id"] for row in rows]
link = call("POST", "/api/v1/invites", {"email": "eve@example.org", "delivery": "link"})["invite_url"]
flow, token = re.search(r"flow=([^&]+)&token=(\S+)", link).groups()
mail = call("GET", "/api/v1/outbox")["items"][0]["id"]
keys = {row["name"]: row["id"] for row in call("GET", "/api/v1/keys")["items"]}

document = requests.get(f"{origin}/openapi.json").json()
OpenAPIV31SpecValidator(document).validate()
operations = [
    (method.upper(), path, operation)
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
]
print(f"{len(document['paths'])} paths, {len(operations)} operations: valid OpenAPI 3.1", flush=True)

REAL = {
    "/api/v1/users/{id}": {"id": user},
    "/api/v1/users/{id}/suspension": {"id": user},
    "/api/v1/users/{id}/keys": {"id": owner},
    "/api/v1/users/{id}/keys/{key_id}": {"id": owner, "key_id": keys["First to go"]},
    "/api/v1/keys/{id}": {"id": keys["Soak"]},
    "/api/v1/invites/{id}": {"id": invites[0]},
    "/api/v1/invites/batches/{id}": {"id": batches[0]},
    "/api/v1/invites/batches/{id}/results.csv": {"id": batches[0]},
    "/api/v1/invites/batches/{id}/revoke": {"id": batches[1]},
    "/api/v1/invites/{id}/resend": {"id": invites[1]},
    "/api/v1/invites/{id}/revoke": {"id": invites[2]},
    "/api/v1/groups/{id}": {"id": group},
    "/api/v1/groups/{id}/members": {"id": group},
    "/api/v1/groups/{id}/members/{user_id}": {"id": group, "user_id": user},
    "/api/v1/outbox/{id}/retry": {"id": mail},
    "/self-service/invite": {"flow": flow, "token": token},
}
REAL_OF_METHOD = {
    ("PATCH", "/api/v1/invites/{id}"): {"id": invites[3]},
    ("DELETE", "/admin/invites/{id}"): {"id": invites[4]},
    ("DELETE", "/api/v1/groups/{id}/members/{user_id}"): {"id": group, "user_id": leaver},
    ("DELETE", "/api/v1/schemas/{id}"): {"id": unused},
    ("DELETE", "/api/v1/users/{id}/suspension"): {"id": suspended},
    ("DELETE", "/api/v1/groups/{id}"): {"id": doomed},
    ("DELETE", "/api/v1/keys/{id}"): {"id": keys["Second to go"]},
    ("POST", "/api/v1/keys/{id}/rotate"): {"id": keys["post_keys_id_rotate"]},
}


def settings(real):
    """The settings of schemathesis; `real` says whether parameters are ids that are there."""
    lines = ["request-timeout = 20"]
    for method, path, _ in operations:
        values = REAL_OF_METHOD.get((method, path)) or REAL.get(path)
        if values and real:
            lines += ["[[operations]]", f"include-name = {json.dumps(f'{method} {path}')}", "[operations.parameters]"]
            lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    file = folder / "schemathesis.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def run(name, real, secret, which, checks=CHECKS):
    """One run; which: arguments that pick operations."""
    print(f"=== {name}", flush=True)
    command = [
        str(pathlib.Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(settings(real)),
        "run", f"{origin}/openapi.json",
        "--header", f"Authorization: Bearer {secret}",
        "--phases", "examples,coverage,fuzzing",
        "--checks", ",".join(checks),
        "--max-examples", str(examples),
        "--continue-on-failure",
        "--warnings", "off",
        "--seed", "20261122",
        "--no-color",
        *which,
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder).returncode


# A row that is wrong gets its verdict, and is no reason to refuse the others.
ROWS = "post_invites_batches"
every = [argument for name in [*LAST, ROWS] for argument in ("--exclude-operation-id", name)]
codes = [
    # First: any other run may decline the invite.
    run(
        "The invited person, as JSON",
        True,
        key,
        ["--include-path", "/self-service/invite", "--header", "Accept: application/json"],
    ),
    run("Ids that are there", True, key, every),
    run("Ids that are made up", False, key, every),
    run("Rows", True, key, ["--include-operation-id", ROWS], [one for one in CHECKS if one != "negative_data_rejection"]),
    *(run(name, True, last_keys[name], ["--include-operation-id", name]) for name in LAST),
]
for path in ["/healthz", "/readyz", "/api/v1/me"]:
    assert api.get(origin + path).status_code == 200, f"{path} does not answer after the run"


def answered():
    """How often each operation gave each status, out of the server's own log."""
    patterns = [
        (method, path, re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) + "$"))
        for method, path, _ in sorted(operations, key=lambda one: ("{" in one[1], one[1]))
    ]
    counts = {(method, path): collections.Counter() for method, path, _ in patterns}
    line = re.compile(r"method=(\S+) path=(.*) status=(\d+) ")
    for found in line.finditer((folder / "log").read_text(errors="replace")):
        method, path, status = found.groups()
        path = path.strip('"')
        hit = next(((m, p) for m, p, pattern in patterns if m == method and pattern.match(path)), None)
        if hit:
            counts[hit][int(status)] += 1
    return counts


# What they want nobody brings about by made-up calls: an invite that waits for approval, or is on hold; a body with an id and an
# address that belong together, or with the token of the invite.
OUT_OF_REACH = {
    "POST /api/v1/invites/{id}/approve",
    "POST /api/v1/invites/{id}/reject",
    "POST /api/v1/invites/{id}/reinstate",
    "POST /admin/verification",
    "POST /self-service/invite",
}

print("=== Answers")
silent = []
for (method, path), counts in answered().items():
    print(f"{method:6} {path:42} {'  '.join(f'{status}: {count}' for status, count in sorted(counts.items()))}")
    told = document["paths"][path][method.lower()]["responses"]
    if any(status.startswith("2") for status in told) and not any(200 <= status < 300 for status in counts):
        silent.append(f"{method} {path}")
silent = sorted(set(silent) - OUT_OF_REACH)
if silent:
    print("never worked, so its answer was not checked:", ", ".join(silent))
sys.exit(max(codes) or bool(silent))
