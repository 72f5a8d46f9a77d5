"""The doors that are measured: nginx, the typed pass-through, the gateway. How each is built, set up and started."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import time

from . import processes
from .processes import Failed

# A throw-away secret of this run's loopback servers, in the shape the gateway accepts.
KEY = "sk-bench0000000000-" + "b3nchmarkb3nchmarkb3nchmarkb3nchmarkb3nchmark"
HEALTH = "/api/v1/health"
BUILD_LIMIT_S = 1800


@dataclasses.dataclass
class Tools:
    """Programs that are there and ready to run."""

    upstream: pathlib.Path
    passthrough: pathlib.Path
    load: pathlib.Path
    nginx: str
    gateway: pathlib.Path | None

    def names(self):
        return ["nginx", "passthrough"] + (["gateway"] if self.gateway else [])


@dataclasses.dataclass
class Target:
    """A running door."""

    name: str
    port: int
    process: object
    model_prefix: str = ""
    startup_s: float = 0.0

    def pids(self):
        return processes.family(self.process.pid)


def prepare(here, gateway, without_gateway):
    """Builds the harness and finds the other programs."""
    manifest = here / "harness" / "Cargo.toml"
    target_dir = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", here / "harness" / "target"))
    build = ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", str(manifest)]
    built = subprocess.run(build + ["--target-dir", str(target_dir)], timeout=BUILD_LIMIT_S, cwd=here.parent)
    if built.returncode != 0:
        raise Failed("the harness does not build")
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not nginx:
        raise Failed("nginx is not installed (Debian: apt-get install nginx-light)")
    release = target_dir / "release"
    gateway = None if without_gateway else find_gateway(here, gateway)
    return Tools(release / "upstream", release / "passthrough", release / "load", nginx, gateway)


def find_gateway(here, given):
    own_dir = os.environ.get("CARGO_TARGET_DIR")
    default = pathlib.Path(own_dir) if own_dir else here.parent / "target"
    path = (given or default / "release" / "ai-model-gateway").resolve()
    if not path.is_file():
        raise Failed(f"{path} is not there: run `cargo build --release`, or give --gateway PATH or --without-gateway")
    return path


def start_upstream(fleet, tools):
    port = processes.free_port()
    process = fleet.start("upstream", [tools.upstream, "--listen", f"127.0.0.1:{port}"])
    processes.wait_until(process, lambda: processes.accepts(port))
    return Target("upstream", port, process)


def start(name, fleet, tools, upstream, wrapper=(), data_dir=None, limit=20.0):
    """Starts one door in front of the mock and waits for its first healthy answer."""
    port = processes.free_port()
    began = time.monotonic()
    if name == "nginx":
        process = fleet.start(name, nginx_command(fleet, tools, port, upstream.port))
        processes.wait_until(process, lambda: processes.accepts(port), limit)
        return Target(name, port, process)
    if name.startswith("passthrough"):  # the reference, or its control
        address = ["--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream.port}/v1"]
        process = fleet.start(name, [*wrapper, tools.passthrough, *address, "--key", KEY], env=base_env())
        prefix = ""
    else:
        data_dir = data_dir or fleet.scratch / f"data-{port}"
        data_dir.mkdir(exist_ok=True)
        env = gateway_env(port, processes.free_port(), data_dir, upstream.port)
        began = time.monotonic()
        process = fleet.start(name, [*wrapper, tools.gateway, "serve"], env=env, cwd=data_dir)
        prefix = "x-ai/"
    processes.wait_until(process, lambda: processes.answers_200(port, HEALTH), limit)
    return Target(name, port, process, prefix, time.monotonic() - began)


def base_env():
    """Only what a program needs to run: settings of the one who calls must not change what is measured."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}


def gateway_env(edge_port, grpc_port, data_dir, upstream_port):
    return base_env() | {
        "AIGW_GRPC_ADDR": f"127.0.0.1:{grpc_port}",
        "AIGW_EDGE_ADDR": f"127.0.0.1:{edge_port}",
        "AIGW_DATA_DIR": str(data_dir),
        "AIGW_BOOTSTRAP_KEY": KEY,
        "XAI_API_BASE_URL": f"http://127.0.0.1:{upstream_port}/v1",
        "XAI_API_KEY": "bench",
    }


NGINX_CONF = """
worker_processes auto;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
{user}
events {{ worker_connections 9000; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    upstream mock {{
        server 127.0.0.1:{upstream};
        keepalive 256;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        keepalive_requests 100000000;
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


def nginx_command(fleet, tools, port, upstream_port):
    directory = fleet.scratch / f"nginx-{port}"
    directory.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""  # else workers may not enter the scratch directory
    conf = directory / "nginx.conf"
    conf.write_text(NGINX_CONF.format(dir=directory, user=user, upstream=upstream_port, port=port))
    return [tools.nginx, "-p", directory, "-e", directory / "error.log", "-c", conf]
