#include "random.h"

#include <math.h>

void tmk_random_seed(struct tmk_random *random, uint32_t seed)
{
    random->state[0] = seed;
    for (int i = 1; i < 624; i++) {
        uint32_t previous = random->state[i - 1];
        random->state[i] = 1812433253u * (previous ^ (previous >> 30)) + (uint32_t)i;
    }
    random->next = 624;
    random->has_spare = false;
}

static void refill(uint32_t *s)
{
    for (int i = 0; i < 624; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[i < 623 ? i + 1 : 0] & 0x7fffffffu);
        s[i] = s[i < 227 ? i + 397 : i - 227] ^ (y >> 1) ^ ((0 - (y & 1)) & 0x9908b0dfu);
    }
}

uint32_t tmk_random_u32(struct tmk_random *random)
{
    if (random->next == 624) {
        refill(random->state);
        random->next = 0;
    }
    uint32_t y = random->state[random->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

float tmk_random_f32(struct tmk_random *random)
{
    return (float)(tmk_random_u32(random) & 0xffffff) * 0x1p-24f;
}

double tmk_random_f64(struct tmk_random *random)
{
    uint64_t hi = tmk_random_u32(random);
    uint64_t lo = tmk_random_u32(random);
    return (double)((hi << 32 | lo) & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

/* numpy legacy: 53 bits from the top 27 and 26 of two outputs */
static double numpy_double(struct tmk_random *random)
{
    uint32_t a = tmk_random_u32(random) >> 5;
    uint32_t b = tmk_random_u32(random) >> 6;
    return ((double)a * 67108864.0 + (double)b) / 9007199254740992.0;
}

double tmk_random_normal(struct tmk_random *random)
{
    if (random->has_spare) {
        random->has_spare = false;
        return random->spare;
    }
    double x1, x2, r2;
    do {
        x1 = 2.0 * numpy_double(random) - 1.0;
        x2 = 2.0 * numpy_double(random) - 1.0;
        r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1.0 || r2 == 0.0);
    double f = sqrt(-2.0 * log(r2) / r2);
    random->spare = f * x1;
    random->has_spare = true;
    return f * x2;
}

uint32_t tmk_random_below(struct tmk_random *random, uint32_t bound)
{
    return tmk_random_u32(random) % bound;
}
