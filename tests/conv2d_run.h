/* Running convolutions in tests: every combination, and dense doubles in and out. Include after
 * cmocka.h. */
#ifndef TMK_TESTS_CONV2D_RUN_H
#define TMK_TESTS_CONV2D_RUN_H

#include "alloc.h"
#include "conv2d.h"
#include "data.h"

/* The problem of a descriptor, for the four kinds of test data: layouts times data types. */
#define VARIANTS (TMK_NLAYOUTS * TMK_NDTYPES)
static inline struct tmk_conv2d variant_of(const char *desc, bool bias, int variant)
{
    const struct tmk_context context = {.dtype = (enum tmk_dtype)(variant % TMK_NDTYPES),
                                        .layout = (enum tmk_layout)(variant / TMK_NDTYPES),
                                        .no_bias = !bias};
    struct tmk_conv2d p;
    if (tmk_op_conv2d.parse(desc, &context, &p.base) != TMK_OK)
        fail_msg("%s: %s", desc, tmk_message());
    return p;
}

static inline struct tmk_data make_data(const struct tmk_conv2d *p)
{
    struct tmk_data data;
    if (tmk_data_make(&p->base, p->base.dtype, 1, &data) != TMK_OK)
        fail_msg("%s", tmk_message());
    return data;
}

/* Inputs filled, what `dir` writes poisoned. */
static inline void fill_inputs(const struct tmk_data *data, enum tmk_dir dir, enum tmk_fill fill,
                               uint32_t seed)
{
    for (int i = 0; i < TMK_NOPERANDS; i++)
        tmk_data_fill(&data->args, (enum tmk_operand)i,
                      tmk_dir_writes(dir, (enum tmk_operand)i) ? TMK_FILL_POISON : fill, 1000,
                      seed);
}

static inline void run_impl(const struct tmk_conv2d *p, const struct tmk_impl *impl,
                            enum tmk_dir dir, int threads, const struct tmk_data *data)
{
    struct tmk_exec exec = {.threads = threads};
    exec.workspace_bytes = tmk_impl_workspace(impl, &p->base, dir, threads);
    if (tmk_alloc(exec.workspace_bytes, "workspace", &exec.workspace) != TMK_OK ||
        impl->run(&p->base, dir, &data->args, &exec) != TMK_OK)
        fail_msg("%s %s: %s", impl->name, tmk_dir_name[dir], tmk_message());
    tmk_free(exec.workspace);
}

/* An operand's elements to or from a dense row-major array of doubles. */
static inline struct tmk_view dense_doubles(const struct tmk_view *like, double *values)
{
    struct tmk_view view;
    const size_t bytes = tmk_view_count(like) * sizeof *values;
    assert_int_equal(tmk_view_make(&view, TMK_F64, like->ndim, like->shape, values, bytes), TMK_OK);
    return view;
}

static inline void put_values(const struct tmk_view *operand, double *values)
{
    const struct tmk_view dense = dense_doubles(operand, values);
    assert_int_equal(tmk_view_copy(operand, &dense), TMK_OK);
}

static inline void get_values(const struct tmk_view *operand, double *values)
{
    const struct tmk_view dense = dense_doubles(operand, values);
    assert_int_equal(tmk_view_copy(&dense, operand), TMK_OK);
}

#endif
