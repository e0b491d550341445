# SPDX-License-Identifier: BSD-3-Clause
"""The parts of the report; each has a `run(session, report)`."""
