// SPDX-License-Identifier: BSD-3-Clause
// The engines' constructors: the only place that names them all.
#pragma once

#include <vector>

namespace blosc2_grok {

class Engine;
const Engine* openjpeg_engine();

inline std::vector<const Engine*> make_engine_list() { return {openjpeg_engine()}; }

}  // namespace blosc2_grok
