/* Random sums of a result, which show what is wrong in it at a fraction of the oracle's work
 * (R. Freivalds, "Probabilistic machines can use less running time", IFIP 1977). Private to this
 * room.
 *
 * Every result is linear in one of its inputs along a dimension that only the two have: C = A B in
 * the columns of B, y in the output channels of w. So the sum of the result's columns with weights
 * v is the result for the same sum of the input's: C v = A (B v), a thin problem. The weights are
 * small integers but 0: one wrong element always shows, several together but for bad luck. */
#ifndef TMK_OP_SUMS_H
#define TMK_OP_SUMS_H

#include "op.h"

#include <stdint.h>

/* Sum the operand `full` into the same operand of the thin problem, a view of doubles: a dimension
 * of n elements in `full` and m in `thin` has n/m neighbours summed together, with weights v that
 * depend on the seed only. An operand of equal shape is copied. `magnitude`: the sum of
 * |v||element| instead. */
void tmk_sums_fold(const struct tmk_view *full, const struct tmk_view *thin, bool magnitude,
                   uint32_t seed);

#endif
