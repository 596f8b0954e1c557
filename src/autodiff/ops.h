/* The operators. Each appends a node to its inputs' graph and returns it, or NULL with the fault
 * kept in the graph (tmk_graph_status()); a NULL input gives NULL. Inputs of one operator have the
 * same data type, which is the result's. In the formulas g is the gradient of the result, da that
 * of a.
 *
 * Broadcasting is numpy's: missing leading dimensions and dimensions of size 1 stretch; the
 * gradient is summed over every dimension that was stretched. Negative axes count from the last.
 * Sizes may be 0 wherever the formula has a meaning: an empty sum is 0. */
#ifndef TMK_AUTODIFF_OPS_H
#define TMK_AUTODIFF_OPS_H

#include "graph.h"

/* -- element by element, two inputs that broadcast -- */

struct tmk_node *tmk_ad_add(struct tmk_node *a, struct tmk_node *b); /* a+b: da = g, db = g */
struct tmk_node *tmk_ad_sub(struct tmk_node *a, struct tmk_node *b); /* a-b: da = g, db = -g */
struct tmk_node *tmk_ad_mul(struct tmk_node *a, struct tmk_node *b); /* ab: da = gb, db = ga */
struct tmk_node *tmk_ad_div(struct tmk_node *a,
                            struct tmk_node *b); /* a/b: da = g/b, db = -ga/b^2 */
/* a^b: da = g b a^(b-1), db = g a^b ln a (0 where a = 0 and b > 0). ln a is evaluated only if b
 * needs a gradient. */
struct tmk_node *tmk_ad_pow(struct tmk_node *a, struct tmk_node *b);

/* -- element by element with a number -- */

struct tmk_node *tmk_ad_add_scalar(struct tmk_node *a, double c); /* a+c: da = g */
struct tmk_node *tmk_ad_mul_scalar(struct tmk_node *a, double c); /* ca: da = gc */
struct tmk_node *tmk_ad_div_scalar(struct tmk_node *a, double c); /* a/c: da = g/c */
struct tmk_node *tmk_ad_pow_scalar(struct tmk_node *a, double c); /* a^c: da = g c a^(c-1) */

/* -- element by element, one input -- */

struct tmk_node *tmk_ad_neg(struct tmk_node *a);  /* -a: da = -g */
struct tmk_node *tmk_ad_exp(struct tmk_node *a);  /* y = e^a: da = gy */
struct tmk_node *tmk_ad_log(struct tmk_node *a);  /* ln a: da = g/a */
struct tmk_node *tmk_ad_relu(struct tmk_node *a); /* max(a, 0): da = g (a > 0); 0 at 0 */
/* 1/(1+e^-a): da = g e/(1+e)^2 with e = exp(-|a|), which neither overflows nor cancels */
struct tmk_node *tmk_ad_sigmoid(struct tmk_node *a);
struct tmk_node *tmk_ad_tanh(struct tmk_node *a); /* da = g 4e/(1+e)^2, e = exp(-2|a|) */

/* -- shape -- */

/* The same elements in row-major order. A view if a's strides allow, else a copy first. */
struct tmk_node *tmk_ad_reshape(struct tmk_node *a, int ndim, const size_t *shape);
/* (N, ...) to (N, product of the rest) */
struct tmk_node *tmk_ad_flatten(struct tmk_node *a);
/* Swap two axes: a view. Matrices: axes -2 and -1. */
struct tmk_node *tmk_ad_transpose(struct tmk_node *a, int axis0, int axis1);
/* Stretch to a shape: a view. da = g summed over the stretched dimensions. */
struct tmk_node *tmk_ad_broadcast_to(struct tmk_node *a, int ndim, const size_t *shape);
/* The part [start, start + length) of one axis: a view. da = g there and 0 elsewhere. */
struct tmk_node *tmk_ad_slice(struct tmk_node *a, int axis, size_t start, size_t length);
/* All of `parts` one after the other along an axis; count >= 1. */
struct tmk_node *tmk_ad_concat(struct tmk_node *const *parts, int count, int axis);
/* Dense row-major: a itself if it is that, else a copy. */
struct tmk_node *tmk_ad_contiguous(struct tmk_node *a);

/* -- reductions; axes is a list of `naxes` axes, each once; naxes 0: all axes. keepdims: reduced
 *    dimensions stay with size 1 -- */

/* da = g, stretched again along the axes. f32 is summed in double. */
struct tmk_node *tmk_ad_sum(struct tmk_node *a, int naxes, const int *axes, bool keepdims);
/* ln sum e^a = m + ln sum e^(a-m) with the maximum m: da = g e^(a-m) / sum e^(a-m). Along sizes
 * >= 1. */
struct tmk_node *tmk_ad_log_sum_exp(struct tmk_node *a, int naxes, const int *axes, bool keepdims);
/* ||a||_F^2 = sum of a^2, a scalar: da = 2ga */
struct tmk_node *tmk_ad_squared_norm(struct tmk_node *a);

/* -- layers -- */

/* C = A B, A (..., M, K), B (..., K, N), C (..., M, N): batch dimensions broadcast.
 * dA = g B^T and dB = A^T g, each summed over every batch dimension it was stretched along. Runs
 * the graph's matmul implementation; a matrix that is the transpose of a dense one is not copied.
 */
struct tmk_node *tmk_ad_matmul(struct tmk_node *a, struct tmk_node *b);

struct tmk_ad_conv2d {
    size_t stride_h, stride_w;     /* >= 1; 0 counts as 1 here and for dilation and groups */
    size_t pad_h, pad_w;           /* on both sides */
    size_t dilation_h, dilation_w; /* 1: dense */
    size_t groups;
};
/* y = conv(x, w) + b: x (N, IC, IH, IW), w (OC, IC/groups, KH, KW), b (OC) or NULL for none with
 * `x` not NULL, y (N, OC, OH, OW), OH = floor((IH + 2 pad - dilation (KH-1) - 1) / stride) + 1.
 * Formulas in conv2d.h. Runs the graph's conv2d implementation. */
struct tmk_node *tmk_ad_conv2d(struct tmk_node *x, struct tmk_node *w, struct tmk_node *b,
                               const struct tmk_ad_conv2d *params);

struct tmk_ad_pool {
    size_t kernel_h, kernel_w; /* >= 1 */
    size_t stride_h, stride_w; /* 0: the kernel's size */
    size_t pad_h, pad_w;       /* on both sides, at most half the kernel */
    bool ceil_mode; /* round the output size up, if the last window begins inside image or left pad
                     */
};
/* x (N, C, H, W). The largest element of each window; the padding is -infinity. g goes to the first
 * of the largest in row-major order. */
struct tmk_node *tmk_ad_max_pool(struct tmk_node *x, const struct tmk_ad_pool *params);
/* The mean of each window, the padding counted as zeros (PyTorch's count_include_pad); what lies
 * beyond the padding (ceil_mode) is not counted. */
struct tmk_node *tmk_ad_avg_pool(struct tmk_node *x, const struct tmk_ad_pool *params);
/* Means over oh x ow regions: rows floor(i H/oh) .. ceil((i+1) H/oh) - 1, columns alike. */
struct tmk_node *tmk_ad_adaptive_avg_pool(struct tmk_node *x, size_t oh, size_t ow);

/* y = gamma (x - mean) / sqrt(variance + eps) + beta per channel; x (N, C, ...), gamma and beta
 * (C); mean and biased variance over all but dimension 1 of this very batch (Ioffe & Szegedy 2015):
 * with z the normalised x and m elements a channel
 * dx = gamma / sqrt(variance + eps) (g - sum(g)/m - z sum(g z)/m), dgamma = sum(g z), dbeta =
 * sum(g).
 */
struct tmk_node *tmk_ad_batch_norm(struct tmk_node *x, struct tmk_node *gamma,
                                   struct tmk_node *beta, double eps);
/* running = (1 - momentum) running + momentum (statistic of the batch), for mean and for the
 * unbiased variance, as PyTorch does. `node` is a batch_norm. Does not change any value of the
 * graph. */
enum tmk_status tmk_ad_batch_norm_track(struct tmk_node *node, double momentum,
                                        struct tmk_variable *mean, struct tmk_variable *variance);
/* The same with given statistics, mean and variance (C): for evaluation. */
struct tmk_node *tmk_ad_batch_norm_fixed(struct tmk_node *x, struct tmk_node *gamma,
                                         struct tmk_node *beta, struct tmk_node *mean,
                                         struct tmk_node *variance, double eps);

/* Each element is 0 with probability `rate` in [0, 1), else divided by 1 - rate. Element i of the
 * n-th dropout of the graph draws from Philox4x32-10 (Salmon et al. 2011) with the key (seed) and
 * the counter (i, step, n) of tmk_graph_set_step(): the same at any number of threads. da = g with
 * the same zeros and factor. Leave it out of the graph in evaluation. */
struct tmk_node *tmk_ad_dropout(struct tmk_node *a, double rate);

/* Mean over n of -ln softmax(logits[n])[label[n]], a scalar; logits (N, C), N >= 1; labels (N) hold
 * class numbers 0 .. C-1. The row's maximum is subtracted first. dlogits = g (softmax - onehot) /
 * N. Labels get no gradient. */
struct tmk_node *tmk_ad_cross_entropy(struct tmk_node *logits, struct tmk_node *labels);

#endif
