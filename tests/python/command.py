# SPDX-License-Identifier: BSD-3-Clause
"""The command blosc2-grok, run in this process; and the stack that its tests compress."""

from __future__ import annotations

from click.testing import CliRunner, Result

import images
from blosc2_grok.cli.group import cli

STACK = images.make("xray", "uint16", (6, 150, 170))


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == code, result.output
    return result
