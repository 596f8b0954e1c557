/* Network tables, written from the papers: which layers, of which shape, how often. Problem sets,
 * counts and training all read these tables, so they can never disagree. */
#ifndef TMK_NETS_NETS_H
#define TMK_NETS_NETS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* What flows between layers is an activation of `c` channels at h x w positions, per image. A
 * sequence (bert) has its tokens along h, and w is 1. */
enum tmk_layer_kind {
    TMK_LAYER_INPUT,
    TMK_LAYER_CONV,
    TMK_LAYER_LINEAR,    /* ic -> oc at each of the ih x iw positions (1 x 1 after FLATTEN) */
    TMK_LAYER_MATMUL,    /* two activations multiplied (attention): see m, n, k, batch */
    TMK_LAYER_EMBEDDING, /* a row of oc numbers for each token, from a table of k rows */
    TMK_LAYER_MAXPOOL,
    TMK_LAYER_AVGPOOL,      /* padding counts as zeros */
    TMK_LAYER_ADAPTIVEPOOL, /* averages over oh x ow regions that cover the image (1 x 1: global) */
    TMK_LAYER_BATCHNORM,    /* scale and shift for each channel */
    TMK_LAYER_LAYERNORM,    /* over the channels of each position, with scale and shift */
    TMK_LAYER_LRN,          /* across channels (Krizhevsky et al. 2012, section 3.3) */
    TMK_LAYER_RELU,
    TMK_LAYER_SIGMOID,
    TMK_LAYER_GELU,
    TMK_LAYER_SOFTMAX, /* of a MATMUL's output, along its n */
    TMK_LAYER_DROPOUT,
    TMK_LAYER_ADD,    /* sum of all inputs, element by element */
    TMK_LAYER_CONCAT, /* all inputs, along channels */
    TMK_LAYER_FLATTEN,
    TMK_NLAYERS
};
extern const char *const tmk_layer_kind_name[TMK_NLAYERS]; /* "conv", "maxpool", ... */

#define TMK_LAYER_NAME_MAX 40
#define TMK_LAYER_INPUTS_MAX 32

/* One layer: its inputs are indices of earlier layers. Spatial sizes of its input and output are
 * worked out when it is added. */
struct tmk_layer {
    enum tmk_layer_kind kind;
    char name[TMK_LAYER_NAME_MAX];
    int ninputs;
    int input[TMK_LAYER_INPUTS_MAX];
    size_t ic, ih, iw; /* of the first input; ic of all together for CONCAT */
    size_t oc, oh, ow;
    size_t kh, kw, sh, sw, ph, pw, dh, dw, groups; /* CONV and pools; dilation 1: dense */
    bool bias;                                     /* CONV, LINEAR */
    bool ceil_mode;                                /* pools: round the output size up */
    double rate;                                   /* DROPOUT: the share of zeros */
    size_t m, n, k, batch; /* MATMUL: batch x (m x k) * (k x n) gives batch*n channels, m high */
    int module;            /* the block it belongs to (an index into modules), or -1 */
    bool auxiliary;        /* of a classifier that only training has */
};

struct tmk_net {
    const char *name, *source; /* "resnet50", "He et al. 2016, table 1" */
    int nlayers, capacity;
    struct tmk_layer *layers; /* inputs before users */
    int nmodules;
    char (*modules)[TMK_LAYER_NAME_MAX]; /* "inception_3a", "res2a", ... */
};

struct tmk_builder;

/* A network as the list of commands sees it. */
struct tmk_net_entry {
    const char *name, *summary, *source;
    const char *group;    /* a name that several networks share, or NULL */
    size_t height, width; /* default input */
    void (*build)(struct tmk_builder *builder, size_t height, size_t width);
};
extern const struct tmk_net_entry tmk_nets[]; /* ends with name NULL */

/* What torchvision's documentation prints about a network, at its default input. */
struct tmk_published {
    const char *net;
    size_t params;
    bool auxiliary;   /* params count the auxiliary layers (gmac never does) */
    const char *gmac; /* 1e9 multiply-adds of convolutions and linear layers, padding taps counted;
                         the digits as printed, "4.089" */
};

/* NULL: nothing known. */
const struct tmk_published *tmk_net_published(const char *net);

/* Build a network for an input of this size (0: its default). TMK_EINVAL: unknown name (the message
 * lists the names), an input so small that a layer shrinks to nothing, or one so large that sizes
 * overflow. On failure there is nothing to free. */
enum tmk_status tmk_net_make(const char *name, size_t height, size_t width, struct tmk_net *out);
void tmk_net_free(struct tmk_net *net);

/* The layer of that name, or NULL. */
const struct tmk_layer *tmk_net_layer(const struct tmk_net *net, const char *name);

/* Numbers that a layer multiplies with: the weights of CONV, LINEAR and EMBEDDING, without bias. */
size_t tmk_layer_weights(const struct tmk_layer *layer);

/* All that it learns: weights and bias, scale and shift of the norms (running means are not). */
size_t tmk_layer_params(const struct tmk_layer *layer);

#endif
