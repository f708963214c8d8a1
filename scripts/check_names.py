"""Report retired names in Python files and Markdown pages.

Usage: ``python scripts/check_names.py [FILE ...]``; without files, all Python files,
pages below ``docs/``, README.md and CONTRIBUTING.md that Git tracks. The names, their
replacements and the exceptions are in ``scripts/retired_names.toml``.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "scripts" / "retired_names.toml"
PATHSPECS = ("*.py", "docs/*.md", "README.md", "CONTRIBUTING.md")
IDENTIFIER = re.compile(r"[^\W\d]\w*")
INLINE_CODE = re.compile(r"`+([^`]+)`+")
LINK_TARGET = re.compile(r"\]\([^)]*\)|<https?://[^>]*>")
REPLACEMENT_FIELD = re.compile(r"\{[^{}]*\}")
FENCE = re.compile(r"\s*(```|~~~)\s*(\w*)")
STRING_TOKENS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@dataclass(frozen=True)
class Match:
    """A retired name in a file.

    Attributes
    ----------
    line : int
        Number of the line, from 1.
    text : str
        The name as the file has it.
    rule : str
        The name or pattern in the table.
    replacement : str
        What to write instead.
    """

    line: int
    text: str
    rule: str
    replacement: str


class RetiredNames:
    """The table of retired names.

    Parameters
    ----------
    table : dict
        Sections ``identifiers``, ``parts``, ``modules`` and ``words``, each from a name
        or pattern to its replacement, and the list ``allowed``.
    """

    def __init__(self, table: dict) -> None:
        self.identifiers = table.get("identifiers", {})
        self.parts = table.get("parts", {})
        self.modules = table.get("modules", {})
        self.words = {
            rule: (re.compile(rf"(?<![\w-])(?:{rule})(?![\w-])", re.IGNORECASE), new)
            for rule, new in table.get("words", {}).items()
        }
        self.allowed = {(row["file"], row["name"]) for row in table.get("allowed", [])}

    @classmethod
    def load(cls, path: Path = TABLE) -> RetiredNames:
        """Read the table from a TOML file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def check(self, path: str, text: str) -> list[Match]:
        """List the retired names in a file, except those allowed there.

        Parameters
        ----------
        path : str
            Path below the root of the repository, with forward slashes; its ending
            selects Python or Markdown.
        text : str
            Content of the file.
        """
        python = path.endswith(".py")
        matches = list(self.check_python(text) if python else self.check_markdown(text))
        stem = Path(path).stem
        if python and (new := self.modules.get(stem) or self.parts.get(stem)):
            matches.append(Match(1, f"{stem}.py", stem, new))
        matches = [
            match
            for match in dict.fromkeys(matches)
            if not self.allowed & {(path, match.rule), (path, "*")}
        ]
        return sorted(matches, key=lambda match: match.line)

    def check_python(self, source: str) -> Iterator[Match]:
        """Check the names, comments and strings of Python source code."""
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            line = token.start[0]
            if token.type == tokenize.NAME:
                yield from self.check_identifier(token.string, line)
            elif token.type == tokenize.COMMENT:
                yield from self.check_prose(token.string, line)
            elif token.type in STRING_TOKENS:
                yield from self.check_string(token.string, line)

    def check_string(self, literal: str, first_line: int) -> Iterator[Match]:
        """Check a string literal; one without a space is a key and is skipped."""
        if not re.search(r"\s", literal):
            return
        for line, text in enumerate(literal.splitlines(), first_line):
            yield from self.check_prose(REPLACEMENT_FIELD.sub("", text), line)

    def check_markdown(self, text: str) -> Iterator[Match]:
        """Check a page: its prose, inline code and Python code blocks."""
        language = None  # of the code block that the line is in
        for line, content in enumerate(text.splitlines(), 1):
            if fence := FENCE.match(content):
                language = fence[2] if language is None else None
            elif language is None:
                yield from self.check_prose(LINK_TARGET.sub("]", content), line)
            elif language in ("python", "py"):
                for identifier in IDENTIFIER.findall(content):
                    yield from self.check_identifier(identifier, line)

    def check_prose(self, text: str, line: int) -> Iterator[Match]:
        """Check the words of a line of prose, and identifiers in its inline code."""
        for code in INLINE_CODE.findall(text):
            for identifier in IDENTIFIER.findall(code):
                yield from self.check_identifier(identifier, line)
        prose = INLINE_CODE.sub("``", text)
        for rule, (pattern, new) in self.words.items():
            for match in pattern.finditer(prose):
                yield Match(line, match[0], rule, new)

    def check_identifier(self, name: str, line: int) -> Iterator[Match]:
        """Check an identifier and its parts between underscores."""
        if name.lstrip("_") in self.identifiers:
            rule = name.lstrip("_")
            yield Match(line, name, rule, self.identifiers[rule])
        for part in name.lower().split("_"):
            if part in self.parts:
                yield Match(line, name, part, self.parts[part])


def tracked_files(root: Path = ROOT) -> list[str]:
    """List the Python files and Markdown pages that Git tracks in `root`."""
    command = ["git", "ls-files", "-z", "--", *PATHSPECS]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True)
    names = listing.stdout.decode().split("\0")
    return [name for name in names if name and (root / name).is_file()]


def main(arguments: Iterable[str]) -> int:
    """Print the retired names in the files; return 1 if there are any, else 0."""
    retired = RetiredNames.load()
    paths = [Path(name).resolve() for name in arguments]
    names = [path.relative_to(ROOT).as_posix() for path in paths] or tracked_files()
    count = 0
    for name in names:
        for match in retired.check(name, (ROOT / name).read_text(encoding="utf-8")):
            print(f"{name}:{match.line}: {match.text!r}: use {match.replacement}")
            count += 1
    if count:
        print(f"{count} retired names; see scripts/retired_names.toml")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
