// SPDX-License-Identifier: BSD-3-Clause
/// Other JPEG 2000 coders as command-line programs: OpenJPH, OpenJPEG, Grok. Tests only.
#pragma once

#include <optional>
#include <string>

#include "reference.hpp"

namespace blosc2_grok::reference {

enum class Witness { OpenJPH, OpenJPEG, Grok };

/// Its decoder is installed.
bool can_decode(Witness witness);
bool can_encode(Witness witness);

/// What the witness makes of a codestream of an image like this one; nothing where it refuses.
std::optional<Image> decode_by(Witness witness, const Bytes& stream, const Image& like);

/// A stream that the witness writes with these options; nothing where it refuses.
std::optional<Bytes> encode_by(Witness witness, const Image& image, const std::string& arguments);

const char* name_of(Witness witness);

}  // namespace blosc2_grok::reference
