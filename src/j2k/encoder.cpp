// SPDX-License-Identifier: BSD-3-Clause
// The encoder's entry point: headers, tiles in order, packets.
#include "encode_setup.hpp"
#include "layers.hpp"
#include "plane_dropping.hpp"
#include "quantizer.hpp"
#include "rate_control.hpp"
#include "tile_encoder.hpp"
#include "tile_parts.hpp"

namespace blosc2_grok::j2k {
void encode_image(const ConstImageView& image, Workspace::Impl& work) {
  const MainHeader& header = work.header;
  for (uint32_t t = 0; t < header.size.tiles(); ++t) {
    build_tile(header.size, header.coding, t, UINT64_MAX, work.tile);
    work.forget_coded();
    encode_tile_rows(image, work);
    write_tile(t, work);
  }
}

void begin_output(Workspace::Impl& work) {
  work.output.clear();
  write_main_header(work.header, largest_magnitude_bits(work.header.coding.components[0]), work.output);
  work.header.first_tile_part = work.output.size();
}

// Of an image in one tile, nearly as much room as will be taken; a vector that grows by itself has up to twice as much.
void reserve_output(Workspace::Impl& work) {
  constexpr std::size_t kHeaders = 4096, kHeaderOfBlock = 16;
  if (work.header.size.tiles() != 1) return;
  std::size_t bytes = kHeaders + kHeaderOfBlock * work.tile.codeblocks.size();
  for (const Chunk& chunk : work.tile.chunks) bytes += chunk.length;
  work.output.reserve(work.output.size() + bytes);
}

void write_tile(uint32_t index, Workspace::Impl& work) {
  reserve_output(work);
  order_precincts(work.header.size, work.header.coding, work.tile);
  write_tile_parts(index, work.header, work.tile, work.crew, work.output);
}

std::size_t ended_size(const Workspace::Impl& work) {
  constexpr std::size_t kEoc = 2;
  return work.output.size() + part_lengths_size(work.header, work.output) + kEoc;
}

std::span<const uint8_t> encode(const ConstImageView& image, const EncodeOptions& options, Workspace& workspace) {
  Workspace::Impl& work = workspace.impl();
  set_up_encoding(image, options, work.header);
  const CallCrew crew(options.threads, work);
  work.report = {};
  work.dropped_depth = kNothingDropped;
  const bool has_target = options.target_mse > 0 || options.target_bytes > 0;
  if (!options.layers.empty()) {
    encode_layers(image, options, work);
  } else if ((has_target || options.measure_loss) && !options.reversible) {
    encode_to_target(image, options, work);
  } else if (has_target && options.high_throughput) {
    encode_to_depth(image, options, work);
  } else {
    begin_output(work);
    encode_image(image, work);
  }
  insert_part_lengths(work.header, work.output);
  write_end(work.output);
  return work.output;
}

}  // namespace blosc2_grok::j2k
