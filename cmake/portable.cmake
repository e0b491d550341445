# For wheels: the library asks the system for glibc 2.18 and libgcc_s, nothing newer and nothing else. (2.18 for
# destructors of thread_local objects; all the rest is in 2.17.)
#
# libstdc++ is linked in, and libgcc's arithmetic. The unwinder is libgcc_s's: that of GCC 12's static library needs glibc
# 2.35. Functions that newer glibcs have under a second version are bound to their old one by old_glibc.c.
set(newer_in_glibc __pthread_key_create exp exp2 exp2f expf hypot log log2 log2f logf pow powf pthread_create
  pthread_detach pthread_getspecific pthread_join pthread_key_create pthread_once pthread_setspecific
  pthread_sigmask)
list(TRANSFORM newer_in_glibc PREPEND LINKER:--wrap=)
target_sources(blosc2_grok PRIVATE cmake/old_glibc.c)
# Since glibc 2.34 libpthread.so.0 is empty, but in an older one it holds the threads' functions.
target_link_options(blosc2_grok PRIVATE -static-libstdc++ ${newer_in_glibc} LINKER:--no-as-needed -l:libpthread.so.0
  LINKER:--as-needed LINKER:--gc-sections)
target_link_libraries(blosc2_grok PRIVATE -lgcc)
