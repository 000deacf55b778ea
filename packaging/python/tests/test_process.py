"""Starting and stopping: what goes wrong is one clear line, and nothing is left running."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import flexiti_mock
import pytest
from flexiti_mock import FlexitiMock, FlexitiMockError


def runs(pid):
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def ends(pid):
    end = time.monotonic() + 20
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not runs(pid)


def one_line(error):
    assert "\n" not in str(error.value), error.value
    return str(error.value)


def test_it_starts_again_and_again_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    urls = set()
    for _ in range(2):
        with FlexitiMock.start() as mock:
            urls.add(mock.admin_url)
        mock.stop()
        with pytest.raises(FlexitiMockError, match="does not answer at"):
            mock.merchant()
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FlexitiMockError) as error:
            FlexitiMock.start("--listen", f"127.0.0.1:{port}")
    assert one_line(error).startswith("flexiti-mock did not start (exit code ")
    assert str(port) in str(error.value)


def test_a_program_for_another_platform(tmp_path):
    foreign = tmp_path / "flexiti-mock"
    foreign.write_bytes(b"\x7fELF but of another kind")
    foreign.chmod(0o755)
    with pytest.raises(FlexitiMockError) as error:
        FlexitiMock.start(binary=foreign)
    assert "was built for another platform" in one_line(error)


def test_no_program(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    monkeypatch.setattr("flexiti_mock.locate.__file__", str(tmp_path / "package" / "locate.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlexitiMockError) as error:
        FlexitiMock.start()
    assert "is not installed" in one_line(error) and str(tmp_path) in str(error.value)
    with pytest.raises(FlexitiMockError) as error:
        FlexitiMock.start(binary=tmp_path / "none")
    assert one_line(error) == f"{tmp_path / 'none'} cannot be run: No such file or directory"


def test_one_that_never_gets_ready_is_stopped_and_its_log_is_shown(tmp_path):
    hanging = tmp_path / "flexiti-mock"
    hanging.write_text("#!/bin/sh\necho still thinking\necho $$ >\"$0.pid\"\nexec sleep 60\n")
    hanging.chmod(0o755)
    with pytest.raises(FlexitiMockError, match="was not ready after 0.5 s; its log:\nstill thinking"):
        FlexitiMock.start(binary=hanging, timeout=0.5)
    assert not runs(int(pathlib.Path(f"{hanging}.pid").read_text()))


def test_a_mock_that_dies_is_told_with_how_it_ended():
    with FlexitiMock.start() as mock:
        os.kill(mock._process._server.pid, signal.SIGKILL)
        mock._process._server.wait()
        with pytest.raises(FlexitiMockError, match=r"does not answer at .* \(exit code -9\)"):
            mock.merchant()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_process_that_started_it(how):
    script = """if True:
        import flexiti_mock, time
        mock = flexiti_mock.FlexitiMock.start()
        print(mock._process._server.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        pid = int(starter.stdout.readline())
        assert runs(pid)
        starter.send_signal(how)
    assert ends(pid)


def test_the_proxy_of_the_world_outside_is_not_asked(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with FlexitiMock.start() as mock:
        merchant = mock.merchant()
        assert merchant.token()
        assert "127.0.0.1" in merchant.environment["no_proxy"].split(",")


def test_the_script_is_the_program():
    printed = subprocess.check_output([flexiti_mock.program(), "--version"], text=True)
    assert printed.startswith("flexiti-mock ")
    assert pathlib.Path(flexiti_mock.program()).parent == pathlib.Path(sys.executable).parent
