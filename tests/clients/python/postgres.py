"""A PostgreSQL server of one's own, with a password, in a temporary directory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from gateway import free_port


def program(name: str) -> str | None:
    """Returns where a program of PostgreSQL is; Debian keeps them out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(places[-1]) if places else None)


class Postgres:
    """`with Postgres("password") as pg: pg.url`. Listens on loopback and asks for the password."""

    def __init__(self, password: str):
        self.home = Path(tempfile.mkdtemp(prefix="aigw-pg-"))
        self.data = self.home / "data"
        # The server refuses to run as root.
        user = next((u for u in ("postgres", "nobody") if os.geteuid() == 0 and u in {p.pw_name for p in pwd.getpwall()}), None)
        self.run_as = {"user": user} if user else {}
        if user:
            shutil.chown(self.home, user)
        secret = self.home / "password"
        secret.write_text(password)
        if user:
            shutil.chown(secret, user)
        options = ["-U", "gateway", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run([program("initdb"), "-D", self.data, *options], check=True, stdout=subprocess.DEVNULL, **self.run_as)
        secret.unlink()
        self.port = free_port()
        self.url = f"postgres://gateway:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Postgres:
        settings = [f"-p{self.port}", f"-k{self.home}", "-clisten_addresses=127.0.0.1", "-cfsync=off"]
        with (self.home / "log").open("wb") as log:
            self.server = subprocess.Popen([program("postgres"), "-D", self.data, *settings], stdout=log, stderr=log, **self.run_as)
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 20
        while subprocess.run(ready).returncode != 0:
            assert time.monotonic() < deadline, (self.home / "log").read_text()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            self.server.kill()
        shutil.rmtree(self.home, ignore_errors=True)
