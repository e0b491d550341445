/* SPDX-License-Identifier: BSD-3-Clause */
/* What C-Blosc2 looks up in libblosc2_j2k.so and libblosc2_htj2k.so (codecs 39 and 40), whose blocks are such as we
 * read. Both functions are in libblosc2_grok.so, which this library needs, so that dlsym finds them through it. */

struct codec_info {
  const char *encoder;
  const char *decoder;
};

__attribute__((visibility("default"))) extern struct codec_info info;
struct codec_info info = {"blosc2_grok_refusing_encoder", "blosc2_grok_decoder"};
