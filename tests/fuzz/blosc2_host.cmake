# SPDX-License-Identifier: BSD-3-Clause
# The target blosc2_host: the C library inside the Python package blosc2, of the Python that the tests use.
execute_process(
  COMMAND ${BLOSC2_GROK_TEST_PYTHON} -c
    "from importlib.util import find_spec\nprint(*find_spec('blosc2').submodule_search_locations)"
  OUTPUT_VARIABLE blosc2_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(EXISTS "${blosc2_dir}/include/blosc2.h" AND EXISTS "${blosc2_dir}/lib/libblosc2.so")
  add_library(blosc2_host SHARED IMPORTED)
  set_target_properties(blosc2_host PROPERTIES
    IMPORTED_LOCATION "${blosc2_dir}/lib/libblosc2.so"
    INTERFACE_INCLUDE_DIRECTORIES "${blosc2_dir}/include")
else()
  message(STATUS "no blosc2 with its C library in ${BLOSC2_GROK_TEST_PYTHON}: whole frames are not fuzzed")
endif()
