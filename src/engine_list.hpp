// SPDX-License-Identifier: BSD-3-Clause
// The engines' constructors: the only place that names them all.
#pragma once

#include <vector>

namespace blosc2_grok {

class Engine;
const Engine* openjpeg_engine();
const Engine* grok_engine();
const Engine* j2k_engine();

// In the order of preference.
inline std::vector<const Engine*> make_engine_list() {
  std::vector<const Engine*> list{j2k_engine()};
#if defined(BLOSC2_GROK_WITH_OPENJPEG)
  list.push_back(openjpeg_engine());
#endif
#if defined(BLOSC2_GROK_WITH_GROK)
  list.push_back(grok_engine());
#endif
  return list;
}

}  // namespace blosc2_grok
