/* One case or more for every operator. */
#include "cases.h"
#include "ops.h"

#define BINARY(name)                                                                               \
    static struct tmk_node *build_##name(struct tmk_node **in)                                     \
    {                                                                                              \
        return tmk_ad_##name(in[0], in[1]);                                                        \
    }
#define UNARY(name)                                                                                \
    static struct tmk_node *build_##name(struct tmk_node **in)                                     \
    {                                                                                              \
        return tmk_ad_##name(in[0]);                                                               \
    }
#define CASE(name, expression)                                                                     \
    static struct tmk_node *build_##name(struct tmk_node **in)                                     \
    {                                                                                              \
        return expression;                                                                         \
    }
#define AXES(...)                                                                                  \
    (const int[])                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define SHAPE(...)                                                                                 \
    (const size_t[])                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(pow)
UNARY(neg)
UNARY(exp)
UNARY(log)
UNARY(relu)
UNARY(sigmoid)
UNARY(tanh)
UNARY(flatten)
UNARY(squared_norm)
BINARY(matmul)
BINARY(cross_entropy)

CASE(add_scalar, tmk_ad_add_scalar(in[0], 1.5))
CASE(mul_scalar, tmk_ad_mul_scalar(in[0], -1.5))
CASE(div_scalar, tmk_ad_div_scalar(in[0], 1.5))
CASE(pow_cubed, tmk_ad_pow_scalar(in[0], 3))
CASE(pow_root, tmk_ad_pow_scalar(in[0], 0.5))
CASE(pow_inverse, tmk_ad_pow_scalar(in[0], -2))
CASE(twice, tmk_ad_mul(in[0], tmk_ad_add(in[0], tmk_ad_mul(in[0], in[0]))))

CASE(reshape, tmk_ad_reshape(in[0], 3, SHAPE(3, 1, 8)))
CASE(reshape_transposed, tmk_ad_reshape(tmk_ad_transpose(in[0], 0, 2), 2, SHAPE(6, 4)))
CASE(transpose, tmk_ad_transpose(in[0], -2, -1))
CASE(broadcast_to, tmk_ad_broadcast_to(in[0], 4, SHAPE(2, 3, 4, 2)))
CASE(broadcast_empty, tmk_ad_broadcast_to(in[0], 2, SHAPE(0, 3)))
CASE(slice, tmk_ad_slice(in[0], -2, 1, 3))
CASE(concat, tmk_ad_concat(in, 3, 1))
CASE(contiguous, tmk_ad_contiguous(tmk_ad_transpose(in[0], 0, 1)))

CASE(sum_all, tmk_ad_sum(in[0], 0, NULL, false))
CASE(sum_last, tmk_ad_sum(in[0], 1, AXES(-1), true))
CASE(sum_outer, tmk_ad_sum(in[0], 2, AXES(0, -2), false))
CASE(sum_transposed, tmk_ad_sum(tmk_ad_transpose(in[0], 0, 2), 1, AXES(1), false))
CASE(lse_all, tmk_ad_log_sum_exp(in[0], 0, NULL, false))
CASE(lse_last, tmk_ad_log_sum_exp(in[0], 1, AXES(-1), false))
CASE(lse_outer, tmk_ad_log_sum_exp(in[0], 2, AXES(0, 1), true))

CASE(matmul_transposed, tmk_ad_matmul(tmk_ad_transpose(in[0], 0, 1), in[1]))
CASE(matmul_strided,
     tmk_ad_matmul(tmk_ad_slice(in[0], 1, 1, 3), tmk_ad_transpose(tmk_ad_exp(in[1]), -1, -2)))
CASE(matmul_broadcast_view, tmk_ad_matmul(tmk_ad_broadcast_to(in[0], 3, SHAPE(3, 2, 4)), in[1]))
CASE(matmul_twice, tmk_ad_add(tmk_ad_matmul(in[0], in[1]), tmk_ad_matmul(in[1], in[0])))
CASE(matmul_square, tmk_ad_matmul(in[0], in[0]))

CASE(conv, tmk_ad_conv2d(in[0], in[1], in[2], &(struct tmk_ad_conv2d){.pad_h = 1, .pad_w = 1}))
CASE(conv_no_bias, tmk_ad_conv2d(in[0], in[1], NULL, &(struct tmk_ad_conv2d){.stride_h = 1}))
CASE(conv_strided, tmk_ad_conv2d(in[0], in[1], in[2],
                                 &(struct tmk_ad_conv2d){.stride_h = 2, .stride_w = 3, .pad_w = 1}))
CASE(conv_dilated,
     tmk_ad_conv2d(in[0], in[1], in[2],
                   &(struct tmk_ad_conv2d){.pad_h = 2, .dilation_h = 2, .dilation_w = 3}))
CASE(conv_groups,
     tmk_ad_conv2d(in[0], in[1], in[2], &(struct tmk_ad_conv2d){.groups = 2, .pad_h = 1}))
CASE(conv_depthwise,
     tmk_ad_conv2d(in[0], in[1], in[2], &(struct tmk_ad_conv2d){.groups = 4, .pad_w = 1}))
CASE(conv_twice, tmk_ad_add(tmk_ad_conv2d(in[0], in[1], in[2], &(struct tmk_ad_conv2d){.pad_h = 1}),
                            tmk_ad_conv2d(tmk_ad_tanh(in[0]), in[1], in[2],
                                          &(struct tmk_ad_conv2d){.pad_h = 1})))

CASE(max_pool, tmk_ad_max_pool(in[0], &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 3}))
CASE(max_pool_overlap, tmk_ad_max_pool(in[0], &(struct tmk_ad_pool){.kernel_h = 3,
                                                                    .kernel_w = 3,
                                                                    .stride_h = 2,
                                                                    .stride_w = 2,
                                                                    .pad_h = 1,
                                                                    .pad_w = 1}))
CASE(max_pool_ceil, tmk_ad_max_pool(in[0], &(struct tmk_ad_pool){.kernel_h = 3,
                                                                 .kernel_w = 2,
                                                                 .stride_h = 2,
                                                                 .stride_w = 2,
                                                                 .ceil_mode = true}))
CASE(avg_pool, tmk_ad_avg_pool(in[0], &(struct tmk_ad_pool){.kernel_h = 2, .kernel_w = 2}))
CASE(avg_pool_overlap, tmk_ad_avg_pool(in[0], &(struct tmk_ad_pool){.kernel_h = 3,
                                                                    .kernel_w = 2,
                                                                    .stride_h = 2,
                                                                    .stride_w = 1,
                                                                    .pad_h = 1,
                                                                    .pad_w = 1,
                                                                    .ceil_mode = true}))
CASE(adaptive_global, tmk_ad_adaptive_avg_pool(in[0], 1, 1))
CASE(adaptive_regions, tmk_ad_adaptive_avg_pool(in[0], 3, 2))

CASE(batch_norm, tmk_ad_batch_norm(in[0], in[1], in[2], 1e-5))
CASE(batch_norm_fixed, tmk_ad_batch_norm_fixed(in[0], in[1], in[2], in[3], in[4], 1e-5))
CASE(dropout, tmk_ad_dropout(in[0], 0.4))

const struct tmk_case tmk_cases[] = {
    {"add", "", "abc abc", "rr", build_add},
    {"add", "broadcast", "1bc a1c", "rr", build_add},
    {"add", "missing dimensions", "abcd d", "rr", build_add},
    {"add", "scalars", "- -", "rr", build_add},
    {"add", "no elements", "0b 1b", "rr", build_add},
    {"sub", "", "abc abc", "rr", build_sub},
    {"sub", "broadcast", "c abc", "rr", build_sub},
    {"mul", "", "abc abc", "rr", build_mul},
    {"mul", "broadcast", "ab1 1bc", "rr", build_mul},
    {"mul", "scalar", "- abc", "rr", build_mul},
    {"mul", "an input used four times", "abc", "r", build_twice},
    {"div", "", "abc abc", "rr", build_div},
    {"div", "broadcast", "bc a1c", "rr", build_div},
    {"pow", "", "abc abc", "pr", build_pow},
    {"pow", "broadcast", "abc 1c", "pr", build_pow},
    {"add_scalar", "", "abc", "r", build_add_scalar},
    {"mul_scalar", "", "abc", "r", build_mul_scalar},
    {"div_scalar", "", "abc", "r", build_div_scalar},
    {"pow_scalar", "cubed", "abc", "r", build_pow_cubed},
    {"pow_scalar", "square root", "abc", "p", build_pow_root},
    {"pow_scalar", "inverse square", "abc", "r", build_pow_inverse},
    {"neg", "", "abc", "r", build_neg},
    {"exp", "", "abc", "r", build_exp},
    {"log", "", "abc", "p", build_log},
    {"relu", "", "abcd", "r", build_relu},
    {"sigmoid", "", "abc", "r", build_sigmoid},
    {"tanh", "", "abc", "r", build_tanh},
    {"reshape", "", "234", "r", build_reshape},
    {"reshape", "of a transpose", "234", "r", build_reshape_transposed},
    {"flatten", "", "abcd", "r", build_flatten},
    {"transpose", "", "abc", "r", build_transpose},
    {"broadcast_to", "", "341", "r", build_broadcast_to},
    {"broadcast_to", "to no elements", "13", "r", build_broadcast_empty},
    {"slice", "", "a5c", "r", build_slice},
    {"concat", "", "a2c abc a1c", "rrr", build_concat},
    {"contiguous", "", "abc", "r", build_contiguous},
    {"sum", "all axes", "abcd", "r", build_sum_all},
    {"sum", "axis -1, keepdims", "abcd", "r", build_sum_last},
    {"sum", "axes 0 and -2", "abcd", "r", build_sum_outer},
    {"sum", "of a transpose", "abc", "r", build_sum_transposed},
    {"sum", "no elements", "a0c", "r", build_sum_last},
    {"log_sum_exp", "all axes", "abc", "r", build_lse_all},
    {"log_sum_exp", "axis -1", "abc", "r", build_lse_last},
    {"log_sum_exp", "axes 0 and 1, keepdims", "abcd", "r", build_lse_outer},
    {"squared_norm", "", "abc", "r", build_squared_norm},
    {"matmul", "", "ab bc", "rr", build_matmul},
    {"matmul", "broadcast", "134 542", "rr", build_matmul},
    {"matmul", "broadcast", "534 142", "rr", build_matmul},
    {"matmul", "broadcast", "3124 1542", "rr", build_matmul},
    {"matmul", "broadcast", "1124 342", "rr", build_matmul},
    {"matmul", "broadcast", "6654 43", "rr", build_matmul},
    {"matmul", "random batches", "a1de bef", "rr", build_matmul},
    {"matmul", "transposed", "ba bc", "rr", build_matmul_transposed},
    {"matmul", "a part, a transpose", "a5 b3", "rr", build_matmul_strided},
    {"matmul", "of a broadcast", "24 345", "rr", build_matmul_broadcast_view},
    {"matmul", "both inputs used twice", "33 33", "rr", build_matmul_twice},
    {"matmul", "one input, twice", "44", "r", build_matmul_square},
    {"matmul", "K = 0", "a0 0b", "rr", build_matmul},
    {"matmul", "no rows", "03 3b", "rr", build_matmul},
    {"conv2d", "pad 1", "2365 4332 4", "rrr", build_conv},
    {"conv2d", "1x1, no bias", "a35b 2311", "rr", build_conv_no_bias},
    {"conv2d", "stride 2x3", "a276 3232 3", "rrr", build_conv_strided},
    {"conv2d", "dilation 2x3", "1256 2232 2", "rrr", build_conv_dilated},
    {"conv2d", "2 groups", "2645 4332 4", "rrr", build_conv_groups},
    {"conv2d", "depthwise", "2445 4133 4", "rrr", build_conv_depthwise},
    {"conv2d", "weights used twice", "2245 2233 2", "rrr", build_conv_twice},
    {"conv2d", "no images", "0355 2333 2", "rrr", build_conv},
    {"max_pool", "2x3", "ab69", "d", build_max_pool},
    {"max_pool", "3x3/2 pad 1", "ab78", "d", build_max_pool_overlap},
    {"max_pool", "3x2/2, ceil mode", "ab67", "d", build_max_pool_ceil},
    {"avg_pool", "2x2", "ab46", "r", build_avg_pool},
    {"avg_pool", "3x2 pad 1, ceil mode", "ab65", "r", build_avg_pool_overlap},
    {"adaptive_avg_pool", "1x1", "ab45", "r", build_adaptive_global},
    {"adaptive_avg_pool", "3x2 of 7x5", "ab75", "r", build_adaptive_regions},
    {"batch_norm", "", "4c23 c c", "rrr", build_batch_norm},
    {"batch_norm", "(N, C)", "5c c c", "rrr", build_batch_norm},
    {"batch_norm_fixed", "", "ac23 c c c c", "rrrrp", build_batch_norm_fixed},
    {"dropout", "rate 0.4", "abcd", "r", build_dropout},
    {"cross_entropy", "", "5c 5", "rl", build_cross_entropy},
    {"cross_entropy", "one class", "31 3", "rl", build_cross_entropy},
    {NULL, NULL, NULL, NULL, NULL},
};
