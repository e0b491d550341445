// SPDX-License-Identifier: BSD-3-Clause
// decode_stream FILE [THREADS]: our own engine, by name, on a codestream of anyone's, behind the plugin's header check.
// Prints "rows columns components reversible" and a newline, then the samples, 32 bits each in native
// order, plane after plane. Exit status 1 and the reason on stderr: refused by the header check ("header: ...") or by
// the decoder.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine_alone.hpp"
#include "j2k/codec.hpp"

namespace {

using namespace blosc2_grok;

std::vector<uint8_t> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

CodestreamHeader checked_header(ByteSpan codestream) {
  try {
    return parse_codestream_header(codestream);
  } catch (const Error& e) {
    throw Error(e.code(), "header: ", e.what());
  }
}

void decode_and_print(ByteSpan file, unsigned threads) {
  const ByteSpan codestream = find_codestream(file);
  const CodestreamHeader header = checked_header(codestream);
  const j2k::Header image = j2k::read_header(codestream);  // which knows sampling
  const size_t plane = size_t{image.rows} * image.columns;
  if (plane * header.components.size() > (size_t{1} << 28)) throw Error(ErrorCode::kData, "tool: a larger image");
  std::vector<int32_t> samples(plane * header.components.size());
  TargetImage target{{{4, image.is_signed, false}, image.rows, image.columns, image.columns, 1},
                     static_cast<unsigned>(image.bits),
                     {}};
  for (size_t i = 0; i < header.components.size(); ++i) {
    target.components.push_back(reinterpret_cast<uint8_t*>(samples.data() + i * plane));
  }
  DecodeOptions options;
  options.threads = threads;
  test::find_engine("j2k")->decode(target, codestream, header, options);
  std::printf("%u %u %u %d\n", image.rows, image.columns, image.components, int{image.reversible});
  std::fwrite(samples.data(), sizeof(int32_t), samples.size(), stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  try {
    const std::vector<uint8_t> file = read_file(arguments[1]);
    decode_and_print(file, count > 2 ? static_cast<unsigned>(std::atoi(arguments[2])) : 1);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
