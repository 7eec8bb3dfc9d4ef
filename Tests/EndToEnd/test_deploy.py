"""The worker as its container runs it: a user without rights, and nothing that can be written."""

import shlex
import subprocess

import pytest

import processes
from books import await_endings, judge
from commands import payment, payout

USER = "65532"
HEALTHCHECK = processes.REPOSITORY / "deploy/healthcheck"
# Every mount becomes read-only, for this process alone; the program is where all may enter.
CONFINED = """#!/bin/bash
exec unshare --mount bash -euc '
mount --make-rprivate /
mount -t tmpfs none /mnt
touch /mnt/program
mount --bind "$0" /mnt/program
while read -r _ place _; do
    case $place in /proc* | /sys*) continue ;; esac
    mount -o remount,bind,ro "$place" 2> /dev/null || true
done < <(tac /proc/mounts)
for place in / /tmp /mnt /var/tmp; do
    if touch "$place/written" 2> /dev/null; then
        rm "$place/written"
        echo "$place can be written"
        exit 99
    fi
done
exec setpriv --reuid USER --regid USER --clear-groups --no-new-privs \\
    --bounding-set -all --inh-caps -all env --unset=HOME /mnt/program "$@"
' {program} "$@"
"""


@pytest.fixture
def confined(tmp_path, monkeypatch):
    """Programs that are started now are started so; needs to be root with the right to mount."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("only root may take rights away like a container")
    folder = tmp_path / "confined"
    folder.mkdir()
    script = folder / "aspayds-worker"
    program = shlex.quote(str(processes.BINARIES / "aspayds-worker"))
    script.write_text(CONFINED.replace("{program}", program).replace("USER", USER))
    script.chmod(0o755)

    def confine():
        monkeypatch.setattr(processes, "BINARIES", folder)

    return confine


def test_it_works_without_rights_and_without_writing(start_sandbox, start_worker, confined):
    sandbox = start_sandbox()
    confined()
    worker = start_worker(sandbox, ASPAYDS_ROLES="payments,payouts").await_ready()
    status = f"/proc/{worker.process.pid}/status"
    with open(status) as file:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert facts["Uid"].split() == [USER] * 4
    assert facts["NoNewPrivs"] == "1" and int(facts["CapBnd"], 16) == 0

    commands = [payment("TRX-1"), payout("WD-1")]
    sandbox.cluster.send(commands)
    await_endings(sandbox.cluster, commands, within=30)
    counts = judge(sandbox, commands)
    assert counts["payment created"] == counts["payout requested"] == 1

    check = lambda path: subprocess.run([HEALTHCHECK, str(worker.port), path]).returncode
    assert (check("/live"), check("/ready"), check("/nothing")) == (0, 0, 1)
    assert worker.stop(within=25) == 0
    assert check("/live") != 0
