// SPDX-License-Identifier: BSD-3-Clause
// The decoding pipeline: stored block -> codestream and segment -> checks -> samples -> padding and filters restored.
#include "decode.hpp"

#include <algorithm>

#include "engine.hpp"
#include "stored_block.hpp"

namespace blosc2_grok {
namespace {

// Where the image goes in the block, from our segment.
struct Placement {
  SampleType sample;
  Geometry geometry;
  ValidExtent valid;
  uint8_t shuffled_typesize = 0;
  const Segment* mapping_of = nullptr;  // set: values of the codestream are mapped to elements

  // What the codestream's samples must be.
  uint8_t words() const { return mapping_of == nullptr ? 1 : mapping_of->mapping->words; }
  size_t components() const { return size_t{valid.planes} * geometry.channels * words(); }
  SampleType coded_sample() const {
    if (mapping_of == nullptr) return sample;
    return mapped_sample(*mapping_of->mapping, mapping_of->mapping->kind == MapKind::kSame && sample.is_signed);
  }
};

Placement place(const Segment& segment) {
  Placement placement{segment.sample, make_geometry(segment.layout), {}, segment.shuffled_typesize};
  const Geometry& geometry = placement.geometry;
  placement.valid = segment.valid.value_or(ValidExtent{geometry.planes, geometry.rows, geometry.columns});
  const ValidExtent& valid = placement.valid;
  if (valid.planes - 1 >= geometry.planes || valid.rows - 1 >= geometry.rows || valid.columns - 1 >= geometry.columns) {
    throw Error(ErrorCode::kData, "segment: ", valid.planes, " x ", valid.rows, " x ", valid.columns,
                " samples of a block of ", geometry.planes, " x ", geometry.rows, " x ", geometry.columns);
  }
  if (segment.mapping) placement.mapping_of = &segment;
  if (!segment.mapping && !segment.sample.is_direct()) {
    throw Error(ErrorCode::kData, "segment: ", format_dtype(segment.sample), " without a mapping");
  }
  return placement;
}

// Earlier plugins wrote samples in raster order with components interleaved, and 0.3.4 and before swapped width and
// height: what counts is the order of the samples.
Placement place_legacy(const CodestreamHeader& header) {
  const ComponentHeader& first = header.components[0];
  const bool all_alike = std::ranges::all_of(header.components, [&](const ComponentHeader& component) {
    return component.bits == first.bits && component.is_signed == first.is_signed && component.dx == 1 &&
           component.dy == 1;
  });
  if (!all_alike || first.bits > 16) {
    throw Error(ErrorCode::kData, "block of an earlier plugin has components of ", int{first.bits},
                " bits, or different ones");
  }
  const auto components = static_cast<uint32_t>(header.components.size());
  Geometry geometry{
      header.height(), header.width(), components, 1, size_t{header.width()} * components, components, {}};
  for (size_t i = 0; i < components; ++i) geometry.component_offsets.push_back(i);
  const SampleType sample{static_cast<uint8_t>(first.bits > 8 ? 2 : 1), first.is_signed, false};
  return {sample, std::move(geometry), {1, header.height(), header.width()}, 0, nullptr};
}

uint32_t divide_up(uint64_t samples, unsigned reduce) {
  return static_cast<uint32_t>((samples + (uint64_t{1} << reduce) - 1) >> reduce);
}

void shrink(Layout& layout, unsigned reduce) {
  for (const int axis : {layout.roles.row, layout.roles.column}) {
    if (axis < 0) continue;
    auto& extent = layout.extents[static_cast<size_t>(axis)];
    extent = divide_up(extent, reduce);
  }
}

// The same image with fewer resolutions: every 2^reduce-th row and column stays.
Placement reduce_placement(const Placement& full, const Segment& segment, unsigned reduce) {
  Layout layout = segment.layout;
  shrink(layout, reduce);
  Placement reduced = full;
  reduced.geometry = make_geometry(layout);
  reduced.valid.rows = divide_up(full.valid.rows, reduce);
  reduced.valid.columns = divide_up(full.valid.columns, reduce);
  return reduced;
}

void check_partial(const DecodeOptions& options, const StoredBlock& stored) {
  const CodestreamHeader& header = stored.header;
  if (options.reduce > header.decompositions) {
    throw Error(ErrorCode::kInvalidParam, "reduce is ", options.reduce, ", the block has ", header.decompositions + 1,
                " resolutions");
  }
  if (!stored.segment || stored.segment->mapping) {
    throw Error(ErrorCode::kCodecSupport,
                "a block of an earlier plugin, or of mapped elements, is decoded in full only");
  }
  if (options.reduce > 0 && (header.x0 != 0 || header.y0 != 0)) {
    throw Error(ErrorCode::kCodecSupport, "a block with an image offset is decoded in full only");
  }
}

// A chunk may have got into an array of another shape; a complex number's two floats come on top.
void check_array(const Segment& segment, const std::vector<uint32_t>& array_extents) {
  std::span<const uint32_t> extents(segment.layout.extents);
  if (segment.is_bytes || std::ranges::equal(extents, array_extents)) return;
  if (!extents.empty() && std::ranges::equal(extents.first(extents.size() - 1), array_extents)) return;
  const auto shape = [](std::span<const uint32_t> sides) {
    std::string out;
    for (const uint32_t side : sides) out += text(out.empty() ? "" : " x ", side);
    return out.empty() ? std::string("1") : out;
  };
  throw Error(ErrorCode::kData, "stored block has ", shape(extents), " samples, the array's blocks have ",
              shape(array_extents));
}

// After these two the codestream's samples are known to fit the block, one for one.
void check_block_size(const Placement& placement, size_t block_bytes) {
  const Geometry& geometry = placement.geometry;
  const uint64_t bytes =
      uint64_t{geometry.rows} * geometry.columns * geometry.component_offsets.size() * placement.sample.bytes;
  if (bytes != block_bytes) {
    throw Error(ErrorCode::kData, "stored block holds ", bytes, " bytes of samples, the block has ", block_bytes);
  }
}

void check_codestream(const Placement& placement, const CodestreamHeader& header) {
  const size_t components = placement.components();
  if (header.width() != placement.valid.columns || header.height() != placement.valid.rows ||
      header.components.size() != components) {
    throw Error(ErrorCode::kData, "codestream has ", header.components.size(), " x ", header.height(), " x ",
                header.width(), " samples, the block ", components, " x ", placement.valid.rows, " x ",
                placement.valid.columns);
  }
  const SampleType coded = placement.coded_sample();
  const unsigned most_bits = coded.bytes == 4 ? 31 : coded.bits();
  for (const ComponentHeader& component : header.components) {
    if (component.dx != 1 || component.dy != 1 || component.bits > most_bits ||
        component.is_signed != coded.is_signed) {
      throw Error(ErrorCode::kData, "codestream has ", component.is_signed ? "signed" : "unsigned", " samples of ",
                  int{component.bits}, " bits, the block wants ", format_dtype(coded));
    }
  }
}

void restore_padding(std::span<uint8_t> block, const Placement& placement) {
  const Geometry& geometry = placement.geometry;
  const ValidExtent& valid = placement.valid;
  if (valid == ValidExtent{geometry.planes, geometry.rows, geometry.columns}) return;
  const PlaneView whole{placement.sample, geometry.rows, geometry.columns, geometry.row_stride, geometry.column_stride};
  const size_t used = size_t{valid.planes} * geometry.channels;
  for (size_t i = 0; i < geometry.component_offsets.size(); ++i) {
    uint8_t* const first = block.data() + geometry.component_offsets[i] * placement.sample.bytes;
    clear_outside(first, whole, i < used ? valid.rows : 0, i < used ? valid.columns : 0);
  }
}

// Straight into the block.
void decode_direct(std::span<uint8_t> block, const Placement& placement, const StoredBlock& stored,
                   const DecodeOptions& options) {
  const Geometry& geometry = placement.geometry;
  TargetImage target{
      {placement.sample, placement.valid.rows, placement.valid.columns, geometry.row_stride, geometry.column_stride},
      stored.header.components[0].bits,
      {}};
  for (size_t i = 0; i < stored.header.components.size(); ++i) {
    target.components.push_back(block.data() + geometry.component_offsets[i] * placement.sample.bytes);
  }
  decode_codestream(target, stored.codestream, stored.header, options);
}

// By way of a buffer of the codestream's values.
void decode_mapped(std::span<uint8_t> block, const Placement& placement, const StoredBlock& stored,
                   const DecodeOptions& options) {
  const SampleType coded = placement.coded_sample();
  const ValidExtent& valid = placement.valid;
  std::vector<uint8_t> buffer(placement.components() * valid.rows * valid.columns * coded.bytes);
  const TargetImage target =
      view_mapped(buffer.data(), coded, stored.header.components[0].bits, valid, placement.components());
  decode_codestream(target, stored.codestream, stored.header, options);
  unmap_elements(block, placement.sample, placement.geometry, valid, buffer, *placement.mapping_of->mapping,
                 placement.mapping_of->kept);
}

void decode_samples(std::span<uint8_t> block, const Placement& placement, const StoredBlock& stored,
                    const DecodeOptions& options) {
  if (placement.mapping_of == nullptr) {
    decode_direct(block, placement, stored, options);
  } else {
    decode_mapped(block, placement, stored, options);
  }
  restore_padding(block, placement);
}

void decode_opened(const DecodeRequest& request, const StoredBlock& stored) {
  if (!stored.segment && !request.no_legacy.empty()) {
    throw Error(ErrorCode::kData, "block has no segment of ours, but ", request.no_legacy);
  }
  if (stored.segment && !request.array_extents.empty()) check_array(*stored.segment, request.array_extents);
  Placement placement = stored.segment ? place(*stored.segment) : place_legacy(stored.header);
  check_codestream(placement, stored.header);
  if (request.options.is_partial()) {
    check_partial(request.options, stored);
    placement = reduce_placement(placement, *stored.segment, request.options.reduce);
    placement.shuffled_typesize = 0;  // for a reader, not for the host
  }
  check_block_size(placement, request.block.size());
  if (placement.shuffled_typesize == 0) {
    decode_samples(request.block, placement, stored, request.options);
    return;
  }
  std::vector<uint8_t> natural(request.block.size());
  decode_samples(natural, placement, stored, request.options);
  shuffle(request.block.data(), natural.data(), natural.size(), placement.shuffled_typesize);
}

// Whether the samples of fewer resolutions are the array's own: its axes, its rows and columns, no mapping.
bool is_reducible(const StoredBlock& stored, const DecodeOptions& options, std::span<const int32_t> block_shape,
                  std::span<const int32_t> reduced_shape) {
  const CodestreamHeader& header = stored.header;
  if (!stored.segment || stored.segment->mapping || header.x0 != 0 || header.y0 != 0) return false;
  if (stored.segment->is_bytes) return false;  // maybe made by the host's filters
  if (options.reduce > header.decompositions) return false;
  if (!options.is_partial() && stored.segment->shuffled_typesize != 0) return false;  // in full it is for the host
  Layout layout = stored.segment->layout;
  std::vector<uint32_t> extents, reduced;
  for (size_t axis = 0; axis < block_shape.size(); ++axis) {
    if (block_shape[axis] == 1) continue;
    extents.push_back(static_cast<uint32_t>(block_shape[axis]));
    reduced.push_back(static_cast<uint32_t>(reduced_shape[axis]));
  }
  if (layout.extents != extents) return false;
  shrink(layout, options.reduce);
  return layout.extents == reduced;
}

}  // namespace

void decode_block(const DecodeRequest& request) {
  note_block_shape(request.array_extents);
  decode_opened(request, open_stored_block(request.stored_block));
}

bool decode_reduced(const DecodeRequest& request, std::span<const int32_t> block_shape,
                    std::span<const int32_t> reduced_shape) {
  const StoredBlock stored = open_stored_block(request.stored_block);
  if (!is_reducible(stored, request.options, block_shape, reduced_shape)) return false;
  decode_opened(request, stored);
  return true;
}

}  // namespace blosc2_grok
