/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of functions that got a second version in glibc 2.27 to 2.35 (other errno, or moved from libpthread to libc) go
 * to the first one, which every glibc on x86-64 has. The linker's --wrap brings each call here; see portable.cmake. */
#include <pthread.h>
#include <signal.h>

#if !defined(__x86_64__) || !defined(__GLIBC__)
#error "the version of the old functions is that of glibc on x86-64: leave BLOSC2_GROK_PORTABLE off"
#endif

#define WRAP(result, name, parameters, arguments)         \
  result old_##name parameters;                           \
  result __wrap_##name parameters;                        \
  __asm__(".symver old_" #name "," #name "@GLIBC_2.2.5"); \
  result __wrap_##name parameters { return old_##name arguments; }

WRAP(double, exp, (double a), (a))
WRAP(double, exp2, (double a), (a))
WRAP(double, log, (double a), (a))
WRAP(double, log2, (double a), (a))
WRAP(double, pow, (double a, double b), (a, b))
WRAP(double, hypot, (double a, double b), (a, b))
WRAP(float, expf, (float a), (a))
WRAP(float, exp2f, (float a), (a))
WRAP(float, logf, (float a), (a))
WRAP(float, log2f, (float a), (a))
WRAP(float, powf, (float a, float b), (a, b))

WRAP(int, pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument))
WRAP(int, pthread_join, (pthread_t thread, void **result), (thread, result))
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *before), (how, set, before))
WRAP(int, pthread_detach, (pthread_t thread), (thread))
WRAP(int, pthread_once, (pthread_once_t * once, void (*run)(void)), (once, run))
WRAP(int, pthread_key_create, (pthread_key_t * key, void (*destroy)(void *)), (key, destroy))
WRAP(int, __pthread_key_create, (pthread_key_t * key, void (*destroy)(void *)), (key, destroy))
WRAP(void *, pthread_getspecific, (pthread_key_t key), (key))
WRAP(int, pthread_setspecific, (pthread_key_t key, const void *value), (key, value))

/* New in glibc 2.32, read by libstdc++ to spare atomic operations. Ours says: several threads, always. */
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
