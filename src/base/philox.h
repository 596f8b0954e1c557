/* A counter-based random stream: any of its numbers is a function of a key and a counter, so that
 * threads can draw theirs in any order. Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
 * as easy as 1, 2, 3"). */
#ifndef TMK_BASE_PHILOX_H
#define TMK_BASE_PHILOX_H

#include <stdint.h>

/* Four uniform 32-bit numbers for this counter under this key. */
void tmk_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
