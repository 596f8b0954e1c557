/* Positions from one to another, and equal shares of so many. */
#ifndef TMK_BASE_RANGE_H
#define TMK_BASE_RANGE_H

#include <stdbool.h>
#include <stddef.h>

/* begin .. end-1 */
struct tmk_range {
    size_t begin, end;
};

/* How many: a measure of work, to be multiplied by others. */
static inline double tmk_range_length(struct tmk_range range)
{
    return (double)(range.end - range.begin);
}

/* The index-th of `parts` shares of positions 0 .. whole-1, none larger than another by more than
 * one. whole * parts must not overflow. */
static inline struct tmk_range tmk_share(size_t whole, size_t parts, size_t index)
{
    return (struct tmk_range){whole * index / parts, whole * (index + 1) / parts};
}

/* Is no share more than a tenth larger than the mean of them? */
static inline bool tmk_shares_evenly(size_t whole, size_t parts)
{
    return 10 * parts * ((whole + parts - 1) / parts) <= 11 * whole;
}

#endif
