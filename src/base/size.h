/* Size arithmetic that notices overflow. Each returns false, and leaves *out alone, if the exact
 * result does not fit; call sites turn that into TMK_EINVAL with the sizes in the message. */
#ifndef TMK_BASE_SIZE_H
#define TMK_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

#define TMK_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TMK_MAX(a, b) ((a) > (b) ? (a) : (b))

static inline bool tmk_size_mul(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

static inline bool tmk_size_add(size_t a, size_t b, size_t *out)
{
    size_t r;
    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

/* ceil(a / b), b > 0 */
static inline size_t tmk_ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* a rounded up to a multiple of b, b > 0 */
static inline size_t tmk_round_up(size_t a, size_t b)
{
    return tmk_ceil_div(a, b) * b;
}

#endif
