# SPDX-License-Identifier: BSD-3-Clause
"""One small class for each way to a codec; imported in the environment of the peer alone."""
