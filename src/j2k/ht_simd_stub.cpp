#include "ht_block.hpp"
#include "row_kernels.hpp"
namespace blosc2_grok::j2k {
std::size_t simd_encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out) { return plain_encode_block(job, scratch, out); }
void simd_decode_block(const HtDecodeJob& job, HtScratch& scratch) { plain_decode_block(job, scratch); }
const RowKernels& simd_row_kernels() { return plain_row_kernels(); }
}
