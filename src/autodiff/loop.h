/* Loops over the elements of several views of one shape: all element-wise operators, all gradients
 * of broadcasts. */
#ifndef TMK_AUTODIFF_LOOP_H
#define TMK_AUTODIFF_LOOP_H

#include "view.h"

#define TMK_LOOP_VIEWS 5

/* One row: n elements of each view, `step` elements apart. */
struct tmk_row {
    size_t n;
    void *at[TMK_LOOP_VIEWS];
    ptrdiff_t step[TMK_LOOP_VIEWS];
    double c;
    bool add;
};
typedef void tmk_row_function(const struct tmk_row *row);

/* View 0 is written: overwritten, or added to. Where its stride is 0 many elements go to one place:
 * they must be added, and are, in row-major order. Views not used have data NULL. Threads share the
 * places written to, so that the same bits come out at any number of them. */
struct tmk_loop {
    struct tmk_view view[TMK_LOOP_VIEWS];
    double c; /* handed on to the rows */
    bool add;
    int threads;
};
void tmk_loop_run(const struct tmk_loop *loop, tmk_row_function *const row[TMK_NDTYPES]);

/* dst = src, or dst += src, of one shape and dtype. */
void tmk_loop_copy(const struct tmk_view *dst, const struct tmk_view *src, bool add, int threads);

/* `count` pieces of work of `size` elements each are worth more than one thread. */
bool tmk_loop_is_long(size_t count, size_t size);

#endif
