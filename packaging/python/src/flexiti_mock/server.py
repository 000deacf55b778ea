"""A running mock: started on a free port, stopped whatever happens."""

from __future__ import annotations

import atexit
import errno
import json
import os
import pathlib
import platform
import subprocess
import tempfile
import time
from types import TracebackType
from typing import TYPE_CHECKING

from .admin import Admin
from .errors import FlexitiMockError
from .merchant import Merchant
from .locate import program
from .types import NewMerchant

if TYPE_CHECKING:
    from typing_extensions import Unpack


class FlexitiMock:
    """A mock server, and the merchants that tests make on it."""

    def __init__(self, admin: Admin, process: _Process | None = None) -> None:
        self._admin = admin
        self._process = process

    @classmethod
    def start(
        cls,
        *flags: str,
        binary: str | os.PathLike[str] | None = None,
        timeout: float = 30.0,
        ca: str | os.PathLike[str] | None = None,
        token: str | None = None,
    ) -> FlexitiMock:
        """Starts a mock on a free port; `flags` are those of the program, such as `--dialect=strict`.

        With `--tls-self-signed` the helpers trust the authority that the mock makes; `ca` names the one
        of a certificate of your own. `token` becomes its admin token.

        It has `timeout` seconds to get ready. Stop it with `stop()` or a `with` statement; it also
        stops when this process ends.
        """
        process = _Process(pathlib.Path(binary) if binary else program(), flags, token)
        try:
            ready = process.wait_until_ready(timeout)
        except BaseException:
            process.stop()
            raise
        trusted = os.fspath(ca) if ca else ready.get("ca_file")
        return cls(Admin(ready["admin_url"], process.trouble, trusted, token), process)

    @classmethod
    def connect(
        cls, admin_url: str, *, ca: str | os.PathLike[str] | None = None, token: str | None = None
    ) -> FlexitiMock:
        """Uses a mock that runs already, at the admin URL that it printed.

        `ca` is the file with the authority of its certificate, and `token` its admin token, where it
        has them; if absent, FLEXITI_CA_FILE and FLEXITI_MOCK_ADMIN_TOKEN say so.
        """
        return cls(Admin(admin_url, lambda: "", os.fspath(ca) if ca else None, token))

    @property
    def admin_url(self) -> str:
        """Where the admin API and the dashboard are."""
        return self._admin.url

    def merchant(self, **options: Unpack[NewMerchant]) -> Merchant:
        """Makes a merchant: with keys, clock, faults and journal of its own, one for each test."""
        return Merchant(self._admin, self._admin.call("POST", "/merchants", options))

    def log(self) -> str:
        """What the mock has printed; empty for one that was started elsewhere."""
        return self._process.log() if self._process else ""

    def stop(self) -> None:
        """Stops the mock, unless it was started elsewhere."""
        if self._process:
            self._process.stop()

    def __enter__(self) -> FlexitiMock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Process:
    """The program, the folder of its ready file and log, and what stops it if we are killed."""

    def __init__(self, binary: pathlib.Path, flags: tuple[str, ...], token: str | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="flexiti-mock-")
        self._ready = pathlib.Path(self._folder.name, "ready.json")
        self._log = pathlib.Path(self._folder.name, "log")
        listens = any(flag.split("=")[0] == "--listen" for flag in flags)
        free_port = () if listens else ("--listen", "127.0.0.1:0")
        command = [str(binary), *free_port, "--ready-file", str(self._ready), *flags]
        try:
            with self._log.open("wb") as log:
                self._server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Not on the command line, which everybody on this machine may read.
                    env={**os.environ, "FLEXITI_MOCK_ADMIN_TOKEN": token} if token else None,
                    # Control-C in a terminal is for us, who then stop what we started.
                    start_new_session=True,
                )
        except OSError as error:
            self._folder.cleanup()
            raise FlexitiMockError(_not_started(binary, error)) from None
        self._guard = _guard(self._server.pid)
        atexit.register(self.stop)

    def wait_until_ready(self, timeout: float) -> dict[str, str]:
        """What the ready file says."""
        end = time.monotonic() + timeout
        while not self._ready.exists():
            if self._server.poll() is not None:
                raise FlexitiMockError(f"flexiti-mock did not start{self.trouble()}")
            if time.monotonic() > end:
                raise FlexitiMockError(
                    f"flexiti-mock was not ready after {timeout:g} s; its log:\n{self.log()}"
                )
            time.sleep(0.005)
        ready: dict[str, str] = json.loads(self._ready.read_text(encoding="utf-8"))
        return ready

    def trouble(self) -> str:
        """How it ended, if it has."""
        code = self._server.poll()
        return "" if code is None else f" (exit code {code}): {self.log()}"

    def log(self) -> str:
        """The end of its log."""
        if not self._log.exists():
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-40:])

    def stop(self) -> None:
        """Ends it; a second call does nothing."""
        atexit.unregister(self.stop)
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
        if self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._folder.cleanup()


def _guard(pid: int) -> subprocess.Popen[bytes] | None:
    """A shell that stops the mock once our end of its pipe is closed, even by `kill -9`."""
    if os.name != "posix":
        return None
    script = 'read -r never; kill "$0"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _not_started(binary: pathlib.Path, error: OSError) -> str:
    if error.errno == errno.ENOEXEC or getattr(error, "winerror", None) in (193, 216):
        machine = f"{platform.system()} on {platform.machine()}"
        return f"{binary} was built for another platform than this one ({machine})"
    return f"{binary} cannot be run: {error.strerror}"
