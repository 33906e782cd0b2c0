"""How the story looks in a terminal."""
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence

from lab.table import aligned

INDENT = "  "
WIDEST = 100  # columns of running text: longer lines are hard to read


class Narrator:
    """Prints chapters, commands with what they answer, tables, and what was checked."""

    def __init__(self) -> None:
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._width = min(shutil.get_terminal_size().columns, WIDEST) - len(INDENT)
        self._began = time.monotonic()
        self._chapters = list[tuple[str, float]]()

    def chapter(self, title: str, text: str) -> None:
        self._chapters.append((title, self.seconds()))
        print(f"\n{self._painted('1;36', f'{len(self._chapters)}. {title}')}  {self._painted('2', f'[{self.seconds():.0f} s]')}")
        self.say(text)

    def say(self, text: str) -> None:
        self._lines(textwrap.wrap(" ".join(text.split()), self._width))

    def shown(self, heading: str, lines: Iterable[str]) -> None:
        """Something to read as it is, such as the YAML that is applied."""
        print(f"\n{INDENT}{self._painted('2', heading)}")
        self._lines(INDENT + line for line in lines)

    def typed(self, command: str, answer: str) -> None:
        """A command that anybody could type now, and what it answered."""
        print(f"\n{INDENT}{self._painted('1', f'$ {command}')}")
        self._lines(answer.rstrip().splitlines())

    def table(self, heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self.shown(heading, aligned(columns, rows))

    def told(self, fact: str) -> None:
        """Something that was promised, and was checked just now."""
        print(f"{INDENT}{self._painted('32', '✓')} {fact}")

    def failed(self, what: str) -> None:
        print(f"\n{self._painted('1;31', 'This is not as told.')}")
        self._lines(what.splitlines())

    def durations(self) -> None:
        """How long each chapter took, when all are told."""
        ends = [began for _, began in self._chapters[1:]] + [self.seconds()]
        rows = [(f"{number}. {title}", f"{end - began:.0f}")
                for number, ((title, began), end) in enumerate(zip(self._chapters, ends, strict=True), start=1)]
        self.table("how long it took", ("CHAPTER", "SECONDS"), rows)

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(INDENT + line)
        sys.stdout.flush()  # the next thing may take seconds

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text
