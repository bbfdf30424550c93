#!/usr/bin/env python3
"""Records the pictures of README: docs/src/overview.svg (one frame) and assets/session.svg (animated).

    cargo build --release && assets/record.py [PROGRAM]

Runs the real program in a private tmux, presses keys, captures what the terminal shows, and writes the
frames as text and shapes, so that the pictures are small and sharp. Needs tmux 3.2 or newer and
Python 3.9 or newer, nothing else. Use a quiet machine: a busy one delays every task on the screen.
"""

import os
import re
import subprocess
import sys
import time
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The book can show only what is in its own folder.
OVERVIEW = ROOT / "docs" / "src" / "overview.svg"
SESSION = ROOT / "assets" / "session.svg"
SCENARIO = str(ROOT / "scenarios" / "mixed.toml")

# A cell: its sides are multiples of 8, so that every eighth of a cell is a whole number.
WIDTH, HEIGHT, FONT_SIZE, BASELINE = 8, 16, 13, 12
# How much larger than this the pictures show by default.
SCALE = 1.25
# The largest file that README should load.
MOST_BYTES = 500_000
PAPER, INK = "#111318", "#c9ccd3"
FONT = "ui-monospace,'JetBrains Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"

# What a viewer sees in the animation: (seconds to record, the key to press before).
FRAMES_PER_SECOND = 3
STORY = [(None, 3.0), ("n", 5.0), ("n", 4.0), ("Space", 1.0), ("+", 1.0), ("+", 2.5)]
KEY_NAMES = {"Space": "space"}
# How long the badge of a pressed key stays, in seconds.
BADGE = 1.0


class Terminal:
    """The program in a tmux server of its own."""

    def __init__(self, program, columns, rows):
        self.socket = f"tasklab-record-{os.getpid()}-{columns}"
        environment = dict(os.environ, LC_ALL="C.UTF-8", COLORTERM="truecolor", TERM="xterm-256color")
        environment.pop("NO_COLOR", None)
        command = ["new-session", "-d", "-s", "s", "-x", str(columns), "-y", str(rows)]
        arguments = [program, "run", SCENARIO, "--lang", "en", "--workers", "2"]
        subprocess.run([*self.tmux(), *command, *arguments], check=True, env=environment)
        self.rows = rows

    def tmux(self):
        return ["tmux", "-L", self.socket, "-f", "/dev/null"]

    def capture(self):
        """The cells of each row of the screen."""
        shown = subprocess.run(
            [*self.tmux(), "capture-pane", "-e", "-p", "-N", "-t", "s"], check=True, capture_output=True
        ).stdout.decode()
        # A style goes on across the ends of rows.
        style = Style()
        return [tuple(cells(row, style)) for row in shown.split("\n")[: self.rows]]

    def wait_for(self, text, seconds=20):
        deadline = time.monotonic() + seconds
        while not any(text in "".join(cell[1] for cell in row) for row in self.capture()):
            if time.monotonic() > deadline:
                raise SystemExit(f"the screen did not show {text!r} within {seconds} s")
            time.sleep(0.05)

    def press(self, key):
        subprocess.run([*self.tmux(), "send-keys", "-t", "s", key], check=True)

    def close(self):
        subprocess.run([*self.tmux(), "kill-server"], check=False, capture_output=True)


def cube(number):
    """A colour of the 256-colour palette."""
    base = ["#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"]
    bright = ["#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"]
    if number < 16:
        return (base + bright)[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    number -= 16
    level = [0, 95, 135, 175, 215, 255]
    return "#" + "".join(f"{level[part]:02x}" for part in (number // 36, number // 6 % 6, number % 6))


class Style:
    """What escape sequences have set."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.ink = self.paper = None
        self.bold = self.dim = self.reversed = False

    def apply(self, parameters):
        codes = [int(code or 0) for code in re.split("[;:]", parameters)]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (1, 2, 7):
                setattr(self, {1: "bold", 2: "dim", 7: "reversed"}[code], True)
            elif code == 22:
                self.bold = self.dim = False
            elif code == 27:
                self.reversed = False
            elif code in (38, 48):
                kind = codes.pop(0)
                colour = cube(codes.pop(0)) if kind == 5 else "#%02x%02x%02x" % tuple(codes.pop(0) for _ in range(3))
                setattr(self, "ink" if code == 38 else "paper", colour)
            elif code in (39, 49):
                setattr(self, "ink" if code == 39 else "paper", None)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.ink = cube(code - 30 if code < 90 else code - 82)
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.paper = cube(code - 40 if code < 100 else code - 92)

    def colours(self):
        ink, paper = self.ink or INK, self.paper
        return (paper or PAPER, ink) if self.reversed else (ink, paper)


def block_element(character):
    """The filled parts of a block element, in eighths of a cell (x, y, width, height), and how dense they are."""
    code = ord(character)
    if 0x2581 <= code <= 0x2588:
        height = code - 0x2580
        return [(0, 8 - height, 8, height)], 1
    if 0x2589 <= code <= 0x258F:
        return [(0, 0, 0x2590 - code, 8)], 1
    if 0x2591 <= code <= 0x2593:
        return [(0, 0, 8, 8)], (code - 0x2590) / 4
    quadrants = {0x2596: "c", 0x2597: "d", 0x2598: "a", 0x2599: "acd", 0x259A: "ad", 0x259B: "abc"}
    quadrants |= {0x259C: "abd", 0x259D: "b", 0x259E: "bc", 0x259F: "bcd", 0x2580: "ab", 0x2590: "bd"}
    places = {"a": (0, 0, 4, 4), "b": (4, 0, 4, 4), "c": (0, 4, 4, 4), "d": (4, 4, 4, 4)}
    if code in quadrants:
        return [places[part] for part in quadrants[code]], 1
    return {0x2594: ([(0, 0, 8, 1)], 1), 0x2595: ([(7, 0, 1, 8)], 1)}.get(code)


def cells(row, style):
    """A row's characters, each with its column and style. Escape sequences change `style`."""
    column, at = 0, 0
    row_and_end = re.finditer(r"\x1b\[([0-9;:]*)m|\x1b[()].|[\x0e\x0f]|$", row)
    for escape_sequence in row_and_end:
        for character in row[at : escape_sequence.start()]:
            yield column, character, style.colours(), style.bold, style.dim
            column += 1
        at = escape_sequence.end()
        if escape_sequence.group(1) is not None:
            style.apply(escape_sequence.group(1))


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def path(rectangles):
    """Rectangles as one path; each begins where the one before began."""
    text, before = "", (0, 0)
    for x, y, width, height in rectangles:
        text += f"m{x - before[0]} {y - before[1]}h{width}v{height}h-{width}z"
        before = (x, y)
    return text


class Picture:
    """Rows and colours that frames share."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.classes, self.row_ids, self.definitions = {}, {}, []

    def class_of(self, declaration):
        return self.classes.setdefault(declaration, f"c{len(self.classes)}")

    def row(self, row):
        """The id of a row's drawing; `None`: the row is empty."""
        drawing = self.draw(row)
        if not drawing:
            return None
        if drawing not in self.row_ids:
            self.row_ids[drawing] = f"r{len(self.row_ids)}"
            self.definitions.append(f'<g id="{self.row_ids[drawing]}">{drawing}</g>')
        return self.row_ids[drawing]

    def draw(self, row):
        shapes, runs = {}, []

        def shape(declaration, x, y, width, height):
            parts = shapes.setdefault(declaration, [])
            if parts and parts[-1][0] + parts[-1][2] == x and parts[-1][1] == y and parts[-1][3] == height:
                parts[-1][2] += width
            else:
                parts.append([x, y, width, height])

        for column, character, (ink, paper), bold, dim in row:
            x = column * WIDTH
            if paper and paper != PAPER:
                shape(f"fill:{paper}", x, 0, WIDTH, HEIGHT)
        for column, character, (ink, paper), bold, dim in row:
            x = column * WIDTH
            parts = block_element(character)
            if parts:
                places, density = parts
                declaration = f"fill:{ink}" + (f";opacity:{number(density)}" if density < 1 else "")
                for left, top, width, height in places:
                    shape(
                        declaration,
                        x + left * WIDTH // 8,
                        top * HEIGHT // 8,
                        width * WIDTH // 8,
                        height * HEIGHT // 8,
                    )
            elif character != " ":
                declaration = f"fill:{ink}" + (";font-weight:bold" if bold else "") + (";opacity:.6" if dim else "")
                last = runs[-1] if runs else None
                if last and last[2] == declaration and column - last[1] <= 1:
                    last[3] += " " * (column - last[1]) + character
                    last[1] = column + 1
                else:
                    runs.append([column, column + 1, declaration, character])
        drawing = ""
        for declaration, parts in shapes.items():
            drawing += f'<path class="{self.class_of(declaration)}" d="{path(parts)}"/>'
        for begin, end, declaration, characters in runs:
            length = (end - begin) * WIDTH
            drawing += (
                f'<text class="{self.class_of(declaration)}" x="{begin * WIDTH}" y="{BASELINE}" textLength="{length}">'
                f"{escape(characters, quote=False)}</text>"
            )
        return drawing

    def frame(self, rows, key=None):
        uses = ""
        for line, row in enumerate(rows):
            name = self.row(row)
            if name:
                uses += f'<use href="#{name}" y="{line * HEIGHT}"/>'
        return uses + (self.badge(KEY_NAMES.get(key, key)) if key else "")

    def badge(self, key):
        """A pressed key, at the lower right."""
        width = (len(key) + 2) * WIDTH + 6
        x, y = self.columns * WIDTH - width - 12, self.rows * HEIGHT - 4 * HEIGHT
        ground, ink = self.class_of("fill:#e69f00"), self.class_of("fill:#111318;font-weight:bold")
        return (
            f'<rect class="{ground}" x="{x}" y="{y}" width="{width}" height="{HEIGHT + 10}" rx="6"/>'
            f'<text class="{ink}" x="{x + WIDTH + 3}" y="{y + 17}">{escape(key)}</text>'
        )

    def write(self, path, frames, times=None):
        """One frame, or a strip of frames of which each shows until the time of the next."""
        width, height = self.columns * WIDTH, self.rows * HEIGHT
        style = f"text{{font:{FONT_SIZE}px {FONT};white-space:pre}}"
        if times:
            steps = "".join(
                f"{at / times[-1] * 100:.2f}%{{transform:translateX({-n * width}px)}}"
                for n, at in enumerate(times[:-1])
            )
            last = f"100%{{transform:translateX({-(len(frames) - 1) * width}px)}}"
            style += f"@keyframes k{{{steps}{last}}}.k{{animation:k {times[-1]:.1f}s steps(1,end) infinite}}"
            style += "@media (prefers-reduced-motion:reduce){.k{animation:none}}"
        strip = "".join(
            f'<g transform="translate({n * width})">{frame}</g>' if n else f"<g>{frame}</g>"
            for n, frame in enumerate(frames)
        )
        style += "".join(f".{name}{{{declaration}}}" for declaration, name in self.classes.items())
        margin = 12
        box = f"{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}"
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" '
            f'width="{int((width + 2 * margin) * SCALE)}" height="{int((height + 2 * margin) * SCALE)}">'
            f"<style>{style}</style><defs>{''.join(self.definitions)}"
            f'<clipPath id="v"><path d="M0 0h{width}v{height}h-{width}z"/></clipPath></defs>'
            f'<rect x="{-margin}" y="{-margin}" width="100%" height="100%" rx="8" fill="{PAPER}"/>'
            f'<g clip-path="url(#v)"><g class="k">{strip}</g></g></svg>\n'
        )
        if len(svg.encode()) > MOST_BYTES:
            raise SystemExit(f"{path} would have {len(svg.encode())} bytes, more than {MOST_BYTES}")
        path.write_text(svg)
        print(f"{path.relative_to(ROOT)}: {len(frames)} frames, {len(svg.encode()) // 1024} KiB")


def record_overview(program):
    columns, rows = 108, 36
    terminal = Terminal(program, columns, rows)
    try:
        terminal.wait_for("live")
        time.sleep(4)
        terminal.press("n")
        time.sleep(2.3)
        screen = terminal.capture()
    finally:
        terminal.close()
    picture = Picture(columns, rows)
    picture.write(OVERVIEW, [picture.frame(screen)])


def record_session(program):
    columns, rows = 100, 30
    terminal = Terminal(program, columns, rows)
    picture = Picture(columns, rows)
    frames, times = [], []
    try:
        terminal.wait_for("live")
        begin = time.monotonic()
        for key, seconds in STORY:
            if key:
                terminal.press(key)
            pressed = time.monotonic()
            while time.monotonic() < pressed + seconds:
                now = time.monotonic()
                shown = key if now < pressed + BADGE else None
                times.append(now - begin)
                frames.append(picture.frame(terminal.capture(), shown))
                time.sleep(max(0, now + 1 / FRAMES_PER_SECOND - time.monotonic()))
        times.append(time.monotonic() - begin)
    finally:
        terminal.close()
    picture.write(SESSION, frames, times)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target" / "release" / "tasklab")
    if not os.access(program, os.X_OK):
        raise SystemExit(f"{program} is not there: run `cargo build --release`, or name the program")
    record_overview(program)
    record_session(program)


if __name__ == "__main__":
    main()
