/* Random streams: MT19937 (Matsumoto & Nishimura 1998) with init_genrand seeding, so that streams
 * equal those of numpy's legacy RandomState(seed) and torch.manual_seed(seed) on CPU. */
#ifndef TMK_BASE_RANDOM_H
#define TMK_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tmk_random {
    uint32_t state[624];
    int next;
    bool has_spare; /* numpy's legacy normal() makes two at a time */
    double spare;
};

void tmk_random_seed(struct tmk_random *random, uint32_t seed);

/* Uniform on all 32-bit values. */
uint32_t tmk_random_u32(struct tmk_random *random);

/* torch.rand float32: (u & 0xffffff) * 2^-24, one output each; in [0, 1). */
float tmk_random_f32(struct tmk_random *random);

/* torch.rand float64: ((hi << 32 | lo) & (2^53 - 1)) * 2^-53, hi drawn first; in [0, 1). */
double tmk_random_f64(struct tmk_random *random);

/* numpy.random.normal(0, 1), legacy: polar method on 53-bit doubles. */
double tmk_random_normal(struct tmk_random *random);

/* Uniform integer in [0, bound), bound > 0, as torch.randint: u mod bound. */
uint32_t tmk_random_below(struct tmk_random *random, uint32_t bound);

#endif
