// SPDX-License-Identifier: BSD-3-Clause
// One engine's decoder by itself, behind the checks that the pipeline makes for it and before no other engine.
#pragma once

#include <optional>

#include "engine.hpp"

namespace blosc2_grok::test {

// Bytes of the image that a codestream announces at 1 / 2^reduce of its size, planes one after another; empty when the
// pipeline would refuse the header, or when it holds more than `most_samples`.
std::optional<size_t> image_bytes(ByteSpan codestream, unsigned reduce, uint64_t most_samples);

enum class Outcome { kRefused, kError, kDecoded };

// Decodes `codestream` into `block`, which has image_bytes() bytes. kRefused: the engine does not take such streams.
Outcome decode_alone(const Engine& engine, ByteSpan codestream, unsigned reduce, std::span<uint8_t> block);

// The engine of this name in this build, or nullptr.
const Engine* find_engine(std::string_view name);

}  // namespace blosc2_grok::test
