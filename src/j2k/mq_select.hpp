// SPDX-License-Identifier: BSD-3-Clause
// Selections for the MQ coder that compilers must not turn into branches: their conditions are close to random.
#pragma once

#include <cstdint>

namespace blosc2_grok::j2k {

// Compares a with b. If a < b, *x becomes x_below and *y becomes y_below, and the result is all ones; else it is 0.
[[gnu::always_inline]] inline uint64_t select_below(uint64_t a, uint64_t b, uint64_t* x, uint64_t x_below, uint64_t* y,
                                                    uint64_t y_below) {
#if defined(__x86_64__) && defined(__GNUC__)
  uint64_t mask;
  asm("cmp %[b], %[a]\n\tcmovb %[x_below], %[x]\n\tcmovb %[y_below], %[y]\n\tsbb %[mask], %[mask]"
      : [x] "+&r"(*x), [y] "+&r"(*y), [mask] "=&r"(mask)
      : [a] "r"(a), [b] "r"(b), [x_below] "r"(x_below), [y_below] "r"(y_below)
      : "cc");
  return mask;
#else
  const uint64_t mask = 0 - uint64_t(a < b);
  *x = (*x & ~mask) | (x_below & mask);
  *y = (*y & ~mask) | (y_below & mask);
  return mask;
#endif
}

[[gnu::always_inline]] inline uint64_t select_below(uint64_t a, uint64_t b, uint64_t* x, uint64_t x_below) {
#if defined(__x86_64__) && defined(__GNUC__)
  uint64_t mask;
  asm("cmp %[b], %[a]\n\tcmovb %[x_below], %[x]\n\tsbb %[mask], %[mask]"
      : [x] "+&r"(*x), [mask] "=&r"(mask)
      : [a] "r"(a), [b] "r"(b), [x_below] "r"(x_below)
      : "cc");
  return mask;
#else
  const uint64_t mask = 0 - uint64_t(a < b);
  *x = (*x & ~mask) | (x_below & mask);
  return mask;
#endif
}

// `second` if that mask isn't 0, or else `first` if that mask isn't 0, or else `value`.
[[gnu::always_inline]] inline uint64_t select_last(uint64_t value, uint64_t first_mask, uint64_t first,
                                                   uint64_t second_mask, uint64_t second) {
#if defined(__x86_64__) && defined(__GNUC__)
  asm("test %[m1], %[m1]\n\tcmovne %[v1], %[v]\n\ttest %[m2], %[m2]\n\tcmovne %[v2], %[v]"
      : [v] "+&r"(value)
      : [m1] "r"(first_mask), [v1] "r"(first), [m2] "r"(second_mask), [v2] "r"(second)
      : "cc");
  return value;
#else
  value = first_mask != 0 ? first : value;
  return second_mask != 0 ? second : value;
#endif
}

// `yes` if the condition isn't 0, else `no`.
[[gnu::always_inline]] inline uint64_t select(uint64_t condition, uint64_t yes, uint64_t no) {
#if defined(__x86_64__) && defined(__GNUC__)
  asm("test %[c], %[c]\n\tcmovne %[yes], %[no]" : [no] "+&r"(no) : [c] "r"(condition), [yes] "r"(yes) : "cc");
  return no;
#else
  return condition != 0 ? yes : no;
#endif
}

// All ones if a < b, else 0.
[[gnu::always_inline]] inline uint64_t mask_below(uint64_t a, uint64_t b) {
  uint64_t mask = 0 - uint64_t(a < b);
#if defined(__GNUC__)
  asm("" : "+r"(mask));  // to the compiler, just a number
#endif
  return mask;
}

}  // namespace blosc2_grok::j2k
