# Where the library, its header and the files for find_package and pkg-config go: into a prefix, or into the wheel's
# package folder, in the component "wheel". Both can be moved: their files find each other by relative paths.
include(CMakePackageConfigHelpers)

if(SKBUILD)
  set(root blosc2_grok/)
  set(component COMPONENT wheel)
  set(slash_libdir "") # Python's side expects the library beside its modules
  set(libdir blosc2_grok)
  set(includedir include)
  set(configdir lib)
  set_target_properties(blosc2_grok PROPERTIES INSTALL_RPATH "$ORIGIN")
else()
  set(root "")
  set(component "")
  set(slash_libdir /${CMAKE_INSTALL_LIBDIR})
  set(libdir ${CMAKE_INSTALL_LIBDIR})
  set(includedir ${CMAKE_INSTALL_INCLUDEDIR})
  set(configdir ${CMAKE_INSTALL_LIBDIR})
endif()
set(cmakedir ${root}${configdir}/cmake/blosc2_grok)
set(pkgconfigdir ${root}${configdir}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc /${pkgconfigdir} /${root})
set(blosc2_grok_HAS_GROK ${GROK_FOUND})
if(NOT GROK_FOUND)
  set(blosc2_grok_HAS_GROK FALSE)
endif()

configure_package_config_file(cmake/blosc2_grokConfig.cmake.in blosc2_grokConfig.cmake INSTALL_DESTINATION ${cmakedir})
write_basic_package_version_file(blosc2_grokConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/blosc2_grok.pc.in blosc2_grok.pc @ONLY)

install(TARGETS blosc2_grok EXPORT blosc2_grokTargets LIBRARY DESTINATION ${libdir} ${component}
  INCLUDES DESTINATION ${root}${includedir})
install(FILES include/blosc2_grok.h DESTINATION ${root}${includedir} ${component})
install(EXPORT blosc2_grokTargets NAMESPACE blosc2_grok:: DESTINATION ${cmakedir} ${component})
install(FILES ${PROJECT_BINARY_DIR}/blosc2_grokConfig.cmake ${PROJECT_BINARY_DIR}/blosc2_grokConfigVersion.cmake
  DESTINATION ${cmakedir} ${component})
install(FILES ${PROJECT_BINARY_DIR}/blosc2_grok.pc DESTINATION ${pkgconfigdir} ${component})
