# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok selftest``: whether it works here."""

from __future__ import annotations

import click

from .. import diagnosis


@click.command()
def selftest() -> None:
    """Stores small images and reads them back; exit code 3 if a check fails."""
    checks = diagnosis.selftest()
    for check in checks:
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name} {check.detail}")
    if not all(check.ok for check in checks):
        click.get_current_context().exit(3)
