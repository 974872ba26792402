"""A person at a terminal: types, and waits for what comes back."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time


class Terminal:
    """A program in a terminal of `columns`. `shown` is all that it has written, escape codes included."""

    def __init__(self, words, cwd, environment, columns=80):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a shell starts what has the terminal, whoever started the tests
            os.chdir(cwd)
            os.execvpe(str(words[0]), list(map(str, words)), {key: str(value) for key, value in environment.items()})
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.shown, self._seen = "", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.end)

    def type(self, keys):
        os.write(self.end, keys.encode())

    def until(self, text, seconds=60.0):
        """What has come since the last wait, up to and with the text."""
        ends = time.monotonic() + seconds
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < ends, f"no {text!r} in {self.shown[self._seen :]!r}"
            assert self._read(1.0) is not None, f"ended without {text!r}: {self.shown[self._seen :]!r}"
        at = self.shown.index(text, self._seen) + len(text)
        said, self._seen = self.shown[self._seen : at], at
        return said

    def silence(self, seconds=1.0):
        """What has come since the last wait, until nothing more comes for so long."""
        while self._read(seconds):
            pass
        said, self._seen = self.shown[self._seen :], len(self.shown)
        return said

    def ended(self, seconds=20.0):
        """The exit code."""
        ends = time.monotonic() + seconds
        while self._read(0.2) is not None:
            assert time.monotonic() < ends, f"still at work: {self.shown[self._seen :]!r}"
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds):
        """Text, "" where none came in time, None where the program is gone."""
        if not select.select([self.end], [], [], seconds)[0]:
            return ""
        try:
            data = os.read(self.end, 65536)
        except OSError:  # what Linux says where nobody holds the other end any more
            return None
        self.shown += data.decode(errors="replace")
        return data.decode(errors="replace") or None
