#include "ht_block.hpp"
#include "row_kernels.hpp"
namespace blosc2_grok::j2k {
const RowKernels& simd_row_kernels() { return plain_row_kernels(); }
}
