# SPDX-License-Identifier: BSD-3-Clause
"""This codec beside everything a user would pick instead: see __main__.py."""
