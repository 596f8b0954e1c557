/* Network tables, written from the papers: which layers, of which shape, how often. Problem sets,
 * counts and training all read these tables, so they can never disagree. */
#ifndef TMK_NETS_NETS_H
#define TMK_NETS_NETS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum tmk_layer_kind {
    TMK_LAYER_INPUT,
    TMK_LAYER_CONV,
    TMK_LAYER_LINEAR,    /* (features of all inputs) -> oc */
    TMK_LAYER_MATMUL,    /* two activations multiplied, batched (attention): see `heads` */
    TMK_LAYER_MAXPOOL,
    TMK_LAYER_AVGPOOL,
    TMK_LAYER_GLOBALPOOL,
    TMK_LAYER_BATCHNORM,
    TMK_LAYER_LRN,
    TMK_LAYER_RELU,
    TMK_LAYER_SIGMOID,
    TMK_LAYER_TANH,
    TMK_LAYER_DROPOUT,
    TMK_LAYER_ADD,       /* residual sum of all inputs */
    TMK_LAYER_CONCAT,    /* along channels, all inputs */
    TMK_LAYER_FLATTEN,
    TMK_NLAYERS
};

/* One layer: its inputs are indices of earlier layers. Spatial sizes of its input and output are
 * worked out when it is added. */
struct tmk_layer {
    enum tmk_layer_kind kind;
    char name[40];
    int ninputs;
    int input[32];
    size_t ic, ih, iw; /* of the first input (of all together for CONCAT) */
    size_t oc, oh, ow;
    size_t kh, kw, sh, sw, ph, pw, dh, dw, groups; /* CONV and pools; dilation 1: dense */
    bool bias;                                      /* CONV, LINEAR */
    bool ceil_mode;                                 /* pools: round the output size up */
    size_t m, n, k, batch;                          /* MATMUL: batch x (m x k) * (k x n) */
    int module;                                     /* which block it belongs to (index into modules), -1 */
};

struct tmk_net {
    const char *name, *source; /* "resnet50", "He et al. 2016, table 1" */
    int nlayers, capacity;
    struct tmk_layer *layers;
    int nmodules;
    char (*modules)[40];       /* "3a", "conv4_x.2", ... */
};

/* A network as the list of commands sees it. */
struct tmk_net_entry {
    const char *name, *summary, *source;
    size_t height, width; /* default input */
    enum tmk_status (*build)(struct tmk_net *net, size_t height, size_t width);
};
extern const struct tmk_net_entry tmk_nets[]; /* ends with name NULL */

/* Build a network for an input of this size (0: its default). TMK_EINVAL: unknown name (the message
 * lists the names), or an input so small that a layer shrinks to nothing. */
enum tmk_status tmk_net_make(const char *name, size_t height, size_t width, struct tmk_net *out);
void tmk_net_free(struct tmk_net *net);

#endif
