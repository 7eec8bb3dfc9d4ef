"""A terminal with a program in it: what a person would see, and what is left when it has ended."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

import pyte

import secrets_kept
from processes import BINARIES, clean_environment
from waiting import until

# The picture is wider than the program is told: what is too long is seen.
MARGIN = 40


class Terminal:
    """A program of ours with a terminal of its own."""

    def __init__(self, *words, environment, columns=80, rows=24):
        self.controller, device = pty.openpty()
        self.columns, self.rows = columns, rows
        self.screen = pyte.Screen(columns + MARGIN, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.words, self.raw = words, b""
        secrets_kept.learn(environment)
        self.lock = threading.Lock()
        self._tell_size()
        self.before = termios.tcgetattr(device)
        self.process = subprocess.Popen(
            [BINARIES / words[0], *words[1:]],
            env=clean_environment(TERM="xterm-256color", **environment),
            stdin=device,
            stdout=device,
            stderr=device,
            start_new_session=True,
            # It is the terminal of the session, so that a change of size is a signal.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        # Kept open: the state of the terminal is looked at when the program has ended.
        self.device = device
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _tell_size(self):
        size = struct.pack("HHHH", self.rows, self.columns, 0, 0)
        fcntl.ioctl(self.controller, termios.TIOCSWINSZ, size)

    def _read(self):
        while True:
            try:
                data = os.read(self.controller, 65_536)
            except OSError:
                return
            with self.lock:
                self.raw += data
                self.stream.feed(data)

    def resize(self, columns, rows):
        """Another size; the kernel tells the program by SIGWINCH."""
        with self.lock:
            self.columns, self.rows = columns, rows
            self.screen.resize(rows, columns + MARGIN)
            self._tell_size()

    def type(self, keys):
        os.write(self.controller, keys)

    @property
    def lines(self):
        """What is seen, without spaces at the ends of lines."""
        with self.lock:
            return [line.rstrip() for line in self.screen.display]

    @property
    def picture(self):
        return "\n".join(self.lines)

    def shows(self, text, within=30):
        """Waits until a text is seen."""
        until(lambda: text in self.picture, within, lambda: f"{text!r}:\n{self.picture}")

    def ends(self, code, within=20):
        """It ends by itself, and gives the terminal back as it was."""
        self.process.wait(timeout=within)
        assert self.process.returncode == code, self.picture
        assert termios.tcgetattr(self.device) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.device)
        self.reader.join(timeout=5)
        os.close(self.controller)
        secrets_kept.in_bytes(self.raw, "terminals", " ".join(self.words))
