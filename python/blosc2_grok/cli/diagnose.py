# SPDX-License-Identifier: BSD-3-Clause
"""``blosc2-grok diagnose``: what belongs into a bug report."""

from __future__ import annotations

import json

import click

from .. import diagnosis


@click.command()
def diagnose() -> None:
    """Prints versions, engines, paths and defaults as JSON: put it into bug reports."""
    click.echo(json.dumps(diagnosis.diagnose(), indent=2))
