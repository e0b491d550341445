# Libraries by which codecs 39 (blosc2-j2k) and 40 (blosc2-htj2k) are read. They have those packages' file names and
# SONAMEs, so they never lie where the system looks for libraries: whoever loads them has made sure that the real ones
# aren't there.
foreach(sibling j2k htj2k)
  set(target blosc2_${sibling})
  add_library(${target} SHARED src/sibling.c)
  set_target_properties(${target} PROPERTIES PREFIX lib SUFFIX .so LINK_DEPENDS
    ${PROJECT_SOURCE_DIR}/cmake/sibling_exports.map)
  # --no-as-needed: no symbol is bound, but the host's dlsym looks into what this library needs.
  target_link_options(${target} PRIVATE LINKER:--no-as-needed -Wl,-z,relro,-z,now
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/sibling_exports.map)
  target_link_libraries(${target} PRIVATE blosc2_grok_flags blosc2_grok)
  if(SKBUILD)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS ${target} LIBRARY DESTINATION blosc2_grok COMPONENT wheel)
  else()
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/..")
    install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/blosc2_grok)
  endif()
endforeach()
