// SPDX-License-Identifier: BSD-3-Clause
/// The variable-length codes of the HT cleanup pass (ISO/IEC 15444-15 Annex C and clause 7.3).
#pragma once

#include "ht_streams.hpp"

namespace blosc2_grok::reference {

/// One codeword of Annex C: the significance of a quad's samples, and what is known of their exponents.
struct VlcCode {
  int table;     ///< 0: first row of quads, 1: the others
  int context;   ///< c_q
  int rho;       ///< bit n: sample n is significant
  int u_off;     ///< the exponent bound exceeds its prediction
  int e_k;       ///< bit n: it is known whether the exponent of sample n reaches the bound
  int e_1;       ///< bit n: it does
  int codeword;  ///< first bit is the least significant
  int length;
};

/// Reads bits until they are a codeword.
const VlcCode& read_vlc(BackwardBitReader& vlc, int table, int context);

/// The code that leaves the fewest bits for a quad; `reaches` has the samples whose exponent equals the bound.
const VlcCode& choose_vlc(int table, int context, int rho, int u_off, int reaches);

void write_vlc(BackwardBitWriter& vlc, const VlcCode& code);

/// The three parts of an unsigned residual u > 0 of an exponent bound (clause 7.3): u = prefix + suffix + 4 extension.
struct ULength {
  int prefix = 0;
  int suffix = 0;
  int extension = 0;
  int value() const { return prefix + suffix + 4 * extension; }
};

ULength split_u(int u);
int read_u_prefix(BackwardBitReader& vlc);
int read_u_suffix(BackwardBitReader& vlc, int prefix);
int read_u_extension(BackwardBitReader& vlc, int suffix);
void write_u_prefix(BackwardBitWriter& vlc, int prefix);
void write_u_suffix(BackwardBitWriter& vlc, const ULength& u);
void write_u_extension(BackwardBitWriter& vlc, const ULength& u);

}  // namespace blosc2_grok::reference
