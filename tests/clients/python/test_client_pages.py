"""The pages in docs/clients show what the examples do: their commands are those of examples/run, their code stands in the example."""

from __future__ import annotations

import re

import pytest
from stubs import ROOT

# Page and the files its code is taken from. csharp.md says of itself that nobody runs it.
PAGES = {
    "python": ["client.py"],
    "node": ["client.ts"],
    "browser": ["client.ts"],
    "go": ["main.go", "buf.gen.yaml"],
    "java": ["src/main/java/Client.java", "pom.xml"],
    "rust": ["src/main.rs", "build.rs"],
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What a person does that the script need not.
BY_HAND = {"npm run --silent serve"}


def blocks(page: str):
    return BLOCK.findall((ROOT / f"docs/clients/{page}.md").read_text())


def lines(text: str) -> str:
    """The text without its indentation, which differs between a page and a source."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_is_that_of_the_example(page: str):
    sources = "\n".join(lines((ROOT / "examples" / page / file).read_text()) for file in PAGES[page])
    code = [text for language, text in blocks(page) if language != "sh"]
    assert len(code) >= 4, "connect or call, stream, cancel, errors"
    for text in code:
        assert f"\n{lines(text)}\n" in f"\n{sources}\n", f"examples/{page} has no longer:\n{text}"


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_are_those_of_the_script(page: str):
    script = (ROOT / "examples/run").read_text()
    commands = [line for language, text in blocks(page) if language == "sh" for line in text.splitlines()]
    assert commands[0] == f"cd examples/{page}"
    for command in commands[1:]:
        assert command in script or command in BY_HAND, f"examples/run does not do: {command}"


def test_every_page_is_known():
    pages = {path.stem for path in (ROOT / "docs/clients").glob("*.md")}
    assert pages == {*PAGES, "README", "csharp", "openai"}
    index = (ROOT / "docs/clients/README.md").read_text()
    assert all(f"]({page}.md)" in index for page in pages - {"README"})
