#!/usr/bin/env python3
"""Decides about the attack vectors with joserfc, and compares.

    cargo test -p bridge-testkit --test it differential -- --nocapture     (with joserfc in python3)
    differential.py ../../docs/differential.md < FILES

FILES is a JSON list of files of vectors, `resource-server.*.json`. Where joserfc decides otherwise than `expect` says, the
difference must belong to a class: a property of the token that this script finds by itself and that the list in
docs/differential.md explains. Exit code 0: every difference is explained, and every class of the list occurred.

Signature, header and claims are checked by joserfc as its documentation says. What it has no check for (the type of the
token, the client, its ceiling, the lifetime, the scope, the status list) is done here in the plainest way, so that a difference is joserfc's
and not this script's.
"""

import base64
import json
import sys
import warnings
import zlib
from collections import Counter

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

CLAIMS = ["sub", "client_id", "jti", "scope", "iat", "exp"]


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def segment(token, index):
    return decoded(token.split(".")[index])


def decide(token, file):
    """True when a resource server made of joserfc serves the token."""
    try:
        issuer = json.loads(segment(token, 1))["iss"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return False
    partner = next((partner for partner in file["partners"] if partner["issuer"] == issuer), None)
    if partner is None:
        return False
    registry = JWTClaimsRegistry(
        now=file["now"],
        leeway=file["leeway"],
        iss={"essential": True, "value": partner["issuer"]},
        aud={"essential": True, "value": partner["audience"]},
        **{name: {"essential": True} for name in CLAIMS},
    )
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(partner["jwks"]), algorithms=partner["algorithms"])
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        # Not all of these are meant as refusals: a server would answer 500. But it would not serve.
        return False
    return is_served(decoded.header, decoded.claims, partner, file["required_scope"])


def is_in_force(claims, lists):
    """True when the token's status list, if it has to refer to one, says that it is valid."""
    try:
        place = claims["status"]["status_list"]
        bits = zlib.decompress(decoded(json.loads(segment(lists[place["uri"]], 1))["status_list"]["lst"]))
        index = place["idx"]
        return type(index) is int and index >= 0 and not bits[index // 8] >> index % 8 & 1
    except (IndexError, KeyError, TypeError):
        return not lists


def is_served(header, claims, partner, required):
    texts = [header.get("typ"), claims["sub"], claims["client_id"], claims["scope"], claims["jti"]]
    if not all(isinstance(text, str) for text in texts):
        return False
    ceiling = partner["clients"].get(claims["client_id"], [])
    return (
        header["typ"].lower().removeprefix("application/") == "at+jwt"
        and claims["sub"] == claims["client_id"]
        and claims["exp"] - claims["iat"] <= partner["max_token_lifetime"]
        and "cnf" not in claims
        and is_in_force(claims, partner.get("status_lists", {}))
        and required in ceiling
        and required in claims["scope"].split(" ")
    )


class Reading:
    """What stands in a token, read without any library for tokens."""

    def __init__(self, case):
        self.request = case["request"]
        self.token = self.request["bearer"]
        self.texts, self.repeated, self.constants = [], False, False
        self.header = self.read(0)
        self.claims = self.read(1)

    def read(self, index):
        try:
            self.texts.append(segment(self.token, index))
            return json.loads(self.texts[-1], object_pairs_hook=self.members, parse_constant=self.constant)
        except (IndexError, ValueError, RecursionError):
            return {}

    def members(self, pairs):
        self.repeated |= len({name for name, _ in pairs}) < len(pairs)
        return dict(pairs)

    def constant(self, _):
        self.constants = True

    def claim(self, name):
        return self.claims.get(name) if isinstance(self.claims, dict) else None

    def dates(self):
        return [self.claim(name) for name in ("iat", "exp", "nbf") if self.claim(name) is not None]


def is_plain_utf8(data):
    """UTF-8 without a mark in front. UTF-16 shows by its zero bytes, which no JSON text has."""
    try:
        return not data.decode("utf-8").startswith("\ufeff") and b"\0" not in data
    except UnicodeDecodeError:
        return False


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def has_lone_surrogate(value):
    return any(0xD800 <= ord(letter) <= 0xDFFF for letter in json.dumps(value, ensure_ascii=False))


def is_identifier(text):
    return isinstance(text, str) and 1 <= len(text) <= 256 and all("!" <= letter <= "~" for letter in text)


def is_scope(text):
    values = text.split(" ")
    letters = all("!" <= letter <= "~" and letter not in '"\\' for value in values for letter in value)
    return letters and all(1 <= len(value) <= 128 for value in values) and len(set(values)) == len(values)


REGISTERED = {"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "b64"}
FORBIDDEN = {"crit", "b64", "jwk", "jku", "x5u", "x5c", "enc", "zip"}

# In the order in which they are tried: a difference belongs to the first class that fits. Each is a class of tokens that
# Bridge refuses and joserfc serves, but for the one that says the opposite.
STRICTER = {
    "size": lambda it: len(it.token) > 8192,
    "request": lambda it: "query" in it.request or "headers" in it.request,
    "not-utf-8": lambda it: not all(map(is_plain_utf8, it.texts)),
    "not-json": lambda it: it.constants,
    "lone-surrogate": lambda it: has_lone_surrogate([it.header, it.claims]),
    "repeated-member": lambda it: it.repeated,
    "deep": lambda it: max(depth(it.header), depth(it.claims)) > 16,
    "forbidden-header": lambda it: not FORBIDDEN.isdisjoint(it.header),
    "audience-list": lambda it: isinstance(it.claim("aud"), list),
    "date-form": lambda it: any(not isinstance(date, int) or isinstance(date, bool) for date in it.dates())
    or b"-0" in it.texts[1],
    "date-negative": lambda it: any(date < 0 for date in it.dates()),
    "exp-before-iat": lambda it: it.claim("exp") <= it.claim("iat"),
    "identifier-form": lambda it: not all(map(is_identifier, [it.claim("jti"), it.claim("sub"), it.header.get("kid")])),
    "scope-form": lambda it: not is_scope(it.claim("scope")),
}
LAXER = {
    "unknown-header": lambda it: not REGISTERED.issuperset(it.header),
}


def explain(case, expected):
    reading = Reading(case)
    classes = LAXER if expected else STRICTER
    for name, fits in classes.items():
        try:
            if fits(reading):
                return name
        except TypeError:
            pass
    return None


def listed(path):
    """The classes that the documentation explains: the first cell of each row of its table, in backticks."""
    with open(path, encoding="utf-8") as page:
        cells = [line.split("|")[1].strip() for line in page if line.startswith("| `")]
    return [cell.strip("`") for cell in cells]


def main():
    warnings.simplefilter("ignore")
    known = set(STRICTER) | set(LAXER)
    documented = listed(sys.argv[1])
    problems = [f"class {name} is not in the list" for name in known.difference(documented)]
    problems += [f"the list has {name}, which is no class" for name in set(documented) - known]
    compared, skipped, differences = 0, 0, Counter()
    for file in json.load(sys.stdin):
        for case in file["cases"]:
            if "bearer" not in case["request"]:
                skipped += 1
                continue
            compared += 1
            expected = case["expect"]["decision"] == "allow"
            if decide(case["request"]["bearer"], file) == expected:
                continue
            name = explain(case, expected)
            differences[name] += 1
            if name is None:
                who = "Bridge serves, joserfc refuses" if expected else "Bridge refuses, joserfc serves"
                problems.append(f"{file['algorithm']} {case['id']}: {who}: {case['request']['bearer']}")
    problems += [f"class {name} did not occur" for name in known if not differences[name]]
    print(f"{compared} tokens compared, {sum(differences.values())} differences, {skipped} cases that are not about a token")
    for name, count in differences.most_common():
        print(f"  {name or 'UNEXPLAINED'}: {count}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
