"""Makes the generated calls of test_openapi.py: where they go, what is changed in them, and what is checked of answers."""

from __future__ import annotations

import copy
import itertools
from collections import Counter

import hypothesis
import requests
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks

# Models that end soon, good ones and bad ones; the sandbox has others that hang on purpose.
MODELS = [f"sandbox/{name}" for name in ("echo", "tools", "vision", "reasoning", "embed", "429", "500", "reset", "truncated")]
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# What nothing is wrong with, so that the other members are read to the last.
SAID = {
    "messages": [{"role": "user", "content": "hello"}],
    "input": "hello",
    "prompt": "hello",
    "message": "hello",
    "history": [],
    "tools": [],
}
# They have no end; test_openapi.py reads their beginning.
ENDLESS = {"watchProviderKeys", "watchActivity"}
SECONDS = 20


def closed(document: dict) -> dict:
    """Forbids members that the document does not name, in everything that is answered: a client may not mind, a test does."""
    document = copy.deepcopy(document)
    schemas, seen = document["components"]["schemas"], set()

    def walk(node) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        if not isinstance(node, dict):
            return
        if "$ref" in node:
            name = node["$ref"].removeprefix("#/components/schemas/")
            if name in schemas and name not in seen:
                seen.add(name)
                walk(schemas[name])
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for key, value in node.items():
            if key not in ("examples", "example"):
                walk(value)

    for operation in operations(document):
        for response in operation["responses"].values():
            walk(response.get("content", {}))
    walk(document["components"]["responses"])
    return document


def operations(document: dict):
    for path in document["paths"].values():
        yield from path.values()


class Caller:
    """Sends cases and notes what is wrong with the answers."""

    def __init__(self, base_url: str, key: str):
        self.base_url, self.numbers = base_url, itertools.count()
        self.statuses: dict[str, Counter] = {}
        self.wrong: list[str] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["authorization"] = f"Bearer {key}"

    def all(self, operation, calls: int) -> None:
        """Calls one operation so often, half of the time with something wrong."""
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = operation.as_strategy(generation_mode=mode)
                self.run(operation, cases, calls // 2)
            except (hypothesis.errors.Unsatisfiable, Impossible):
                # Nothing can be wrong with a call that has no members: all are good ones then.
                self.run(operation, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), calls // 2)

    def run(self, operation, cases, calls: int) -> None:
        # The same calls in every run, and no search for a smaller one: what is wrong is written down as it was.
        quick = hypothesis.settings(
            max_examples=calls,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )

        @quick
        @hypothesis.given(case=cases)
        def each(case):
            self.call(operation, case)

        each()

    def call(self, operation, case) -> None:
        number = next(self.numbers)
        self.aim(case, number)
        name = operation.definition.raw["operationId"]
        response = case.call(base_url=self.base_url, session=self.session, timeout=SECONDS)
        self.statuses.setdefault(name, Counter())[response.status_code] += 1
        if response.status_code == 500:
            self.wrong.append(f"{name}: 500\n{case.as_curl_command()}\n{response.text[:500]}")
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, Failure) as failure:
            causes = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            text = "; ".join(f"{cause.title}: {cause.message[:400]}" for cause in causes)
            self.wrong.append(f"{name} {response.status_code}: {text}\n{case.as_curl_command()[:600]}\n{response.text[:400]}")

    def aim(self, case, number: int) -> None:
        """Lets every other call reach something that exists: hardly one of the generated names does."""
        if number % 2:
            return
        if isinstance(case.body, dict) and "model" in case.body:
            case.body["model"] = MODELS[number // 2 % len(MODELS)]
            if number % 4 == 0:
                case.body |= {name: value for name, value in SAID.items() if name in case.body}
        if isinstance(case.path_parameters, dict) and "id" in case.path_parameters:
            case.path_parameters["id"] = self.existing(case.path, case.method)

    def existing(self, path: str, method: str) -> str:
        if path.startswith("/v1/models"):
            return "sandbox/echo"
        collection = path.split("/{id}")[0]
        if method != "DELETE":
            found = self.session.get(f"{self.base_url}{collection}?limit=3", timeout=SECONDS).json()
            # The oldest gateway key is the one that all calls are made with.
            if len(found) > 1:
                return found[-1]["id"]
        return self.made(collection)

    def made(self, collection: str) -> str:
        """Returns the id of something new."""
        number = next(self.numbers)
        body = {"name": f"made {number}"}
        if collection.endswith("provider-keys"):
            body |= {"provider_name": "google", "api_key": f"AIza-made-for-the-test-{number}"}
        return self.session.post(f"{self.base_url}{collection}", json=body, timeout=SECONDS).json()["id"]


class Impossible(Exception):
    """There is no such call."""
