# SPDX-License-Identifier: BSD-3-Clause
"""Runs the round trips of round_trips.py and the programs of clients.py on the hosts of hosts.toml.

    python3.11 run_hosts.py --wheel WHEEL --venvs FOLDER [--only newest oldest]

Every host has a virtual environment in FOLDER, made on first use and then kept; the wheel is installed into it without
its dependencies. Prints a line a host, and what failed below it; ends with a non-zero status when something did.
"""
import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import tomllib

HERE = Path(__file__).resolve().parent
TABLE = tomllib.loads((HERE / "hosts.toml").read_text())


class HostFailed(Exception):
    pass


def call(*command, timeout=900, **arguments):
    """Runs a command and returns its exit status and output."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, **arguments)
    return done.returncode, done.stdout.strip()


def must(*command, **arguments):
    status, output = call(*command, **arguments)
    if status:
        raise HostFailed(f"{' '.join(str(word) for word in command[:5])} ... : exit status {status}\n{output[-1500:]}")


def environment(host, venvs, wheel):
    """The folder of the host's environment, with its packages, its clients and our wheel."""
    venv = venvs / host["name"]
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    clients = [TABLE["clients"][name] for name in host.get("clients", [])]
    packages = host["packages"] + [package for client in clients for package in client["needs"]]
    made_of = "\n".join([sys.version, *packages, *(client["package"] for client in clients)])
    stamp = venv / "made_of"
    if not stamp.exists() or stamp.read_text() != made_of:
        shutil.rmtree(venv, ignore_errors=True)
        must(sys.executable, "-m", "venv", venv)
        must(*pip, "--only-binary=:all:", *packages)
        for client in clients:
            must(*pip, "--no-deps", "--ignore-requires-python", client["package"])
        stamp.write_text(made_of)
    installed = venv / "wheel"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if not installed.exists() or installed.read_text() != digest:
        must(*pip, "--no-index", "--no-deps", "--force-reinstall", wheel)
        installed.write_text(digest)
    return venv


def call_in(venv, *arguments):
    """Runs a Python script as in the activated environment: Blosc2 looks for `python` on the PATH."""
    path = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return call(venv / "bin" / "python", *arguments, env={**os.environ, "PATH": path, "VIRTUAL_ENV": str(venv)})


def run_round_trips(venv, exchange, *checks):
    """How many checks passed, and what failed, as text."""
    status, output = call_in(venv, HERE / "round_trips.py", "--exchange", exchange, *checks)
    *lines, summary = output.splitlines() or [""]
    passed = sum(line.startswith("ok ") for line in lines)
    if (status == 0) != (summary == f"{passed} passed, 0 failed"):
        return passed, [f"round_trips.py: {output[-1500:]}"]
    return passed, ["\n".join(line for line in lines if not line.startswith("ok "))] * (status != 0)


def run_client(venv, name):
    with tempfile.TemporaryDirectory() as folder:
        status, output = call_in(venv, HERE / "clients.py", name, folder)
    return int(status == 0), [f"FAIL {name}: {output[-1500:]}"] * (status != 0)


def run_host(host, venvs, wheel, exchange):
    venv = environment(host, venvs, wheel)
    results = [run_round_trips(venv, exchange), *(run_client(venv, name) for name in host.get("clients", []))]
    return sum(passed for passed, _ in results), [failure for _, failures in results for failure in failures]


def report(name, run):
    """Prints how `run`, which returns the number of passed checks and the failures, went; whether it went well."""
    start = time.monotonic()
    try:
        passed, failures = run()
    except (HostFailed, subprocess.TimeoutExpired) as error:
        passed, failures = 0, [str(error)]
    print(f"{name:18} {'FAIL' if failures else 'ok  '} {passed} passed, {time.monotonic() - start:.0f} s", flush=True)
    for failure in failures:
        print("   " + failure.replace("\n", "\n   "), flush=True)
    return not failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--venvs", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", default=["all"], metavar="HOST", help="names or groups")
    options = parser.parse_args()
    wanted = set(options.only)
    hosts = [host for host in TABLE["host"] if {"all", host["name"], *host.get("groups", [])} & wanted]
    if not hosts:
        parser.error(f"no host is called {' or '.join(options.only)}")
    options.venvs.mkdir(parents=True, exist_ok=True)
    venvs, wheel = options.venvs.resolve(), options.wheel.resolve()
    with tempfile.TemporaryDirectory() as exchange:
        went_well = [report(host["name"], partial(run_host, host, venvs, wheel, exchange)) for host in hosts]
        first = venvs / hosts[0]["name"]  # it had nothing to read yet
        went_well.append(report("others' files", lambda: run_round_trips(first, exchange, "exchange")))
    print(f"{sum(went_well)} passed, {len(went_well) - sum(went_well)} failed")
    return not all(went_well)


if __name__ == "__main__":
    sys.exit(main())
