/* One Inception module of any widths (Szegedy et al., "Going deeper with convolutions", CVPR 2015,
 * figure 2). */
#ifndef TMK_NETS_INCEPTION_MODULE_H
#define TMK_NETS_INCEPTION_MODULE_H

#include "nets.h"

struct tmk_inception {
    size_t channels, height, width; /* of the input */
    size_t c1x1, c3x3, c5x5;        /* that the three branches put out */
    size_t reduce3x3, reduce5x5,
        pool_proj; /* of the bottleneck's 1x1 before them and after the pool */
};

/* The module of the networks inception-naive and inception-bottleneck. */
extern const struct tmk_inception tmk_inception_example;

/* Figure 2b, or, naive, figure 2a: no 1x1 before the 3x3 and 5x5, and the pooled input passes
 * through. TMK_EINVAL: a size is zero or overflows. On failure there is nothing to free. */
enum tmk_status tmk_net_inception(const struct tmk_inception *module, bool naive,
                                  struct tmk_net *out);

/* Module `m` (an index into net->modules) of a network, if it is the bottleneck of figure 2b with
 * the paper's names ("inception_3a/3x3_reduce"). */
bool tmk_net_find_inception(const struct tmk_net *net, int m, struct tmk_inception *out);

#endif
