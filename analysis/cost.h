/* What the layers of a network cost: parameters, work, memory. Work is that of its problems
 * (conv2d/problem.c, matmul/problem.c), so a count and a benchmark cannot disagree. */
#ifndef TMK_ANALYSIS_COST_H
#define TMK_ANALYSIS_COST_H

#include "nets.h"

struct tmk_cost {
    double params;  /* learned numbers, whatever the batch size */
    double weights; /* those of them that are multiplied with: no biases, no norms */
    /* Multiply-adds forward of convolutions, linear layers and products of activations; 2 FLOP
     * each. Each gradient (of the data, of the weights) takes as many again. */
    double macs;
    double macs_unpadded; /* without the taps that fall on padding */
    double macs_image;    /* those of macs that read the network's input: training does not need
                             the gradient of the image */
    double activations;   /* numbers that these layers put out, as papers on scaling count them */
    double outputs;       /* numbers that all layers put out */
    double bytes;         /* traffic forward in f32: each layer on its own reads its inputs and its
                             parameters and writes its output once. Flatten is a view and dropout
                             passes its input on: both move nothing. */
};

void tmk_cost_add(struct tmk_cost *sum, const struct tmk_cost *part);

/* One layer for `mb` images (>= 1). TMK_EINVAL: sizes overflow. */
enum tmk_status tmk_cost_layer(const struct tmk_net *net, int layer, size_t mb,
                               struct tmk_cost *out);

/* Where a layer's parameters and work are seen in pictures. */
enum tmk_cost_class { TMK_CONVOLUTION, TMK_LINEAR, TMK_ATTENTION, TMK_OTHER, TMK_NCLASSES };
extern const char *const tmk_cost_class_name[TMK_NCLASSES]; /* "convolution", "linear", ... */
enum tmk_cost_class tmk_cost_class_of(const struct tmk_layer *layer);

/* How layers are summed into rows. */
enum tmk_grouping {
    TMK_BY_LAYER,
    TMK_BY_MODULE, /* a module of the network, or, outside of modules, a layer with weights and what
                      follows it */
    TMK_BY_KIND,   /* "conv 3x3", "conv 3x3 depthwise", "linear", "batchnorm", ... */
    TMK_NGROUPINGS
};
extern const char *const tmk_grouping_name[TMK_NGROUPINGS]; /* "layer", "module", "kind" */

struct tmk_cost_row {
    char name[2 * TMK_LAYER_NAME_MAX];
    const struct tmk_layer *last; /* of its layers: what the row puts out */
    int layers;
    bool auxiliary; /* only training has it */
    struct tmk_cost cost, class[TMK_NCLASSES];
};

struct tmk_cost_table {
    struct tmk_cost_row *rows;
    size_t count;
    struct tmk_cost total, auxiliary;    /* total without the auxiliary layers, and they alone */
    struct tmk_cost class[TMK_NCLASSES]; /* the parts of the total */
};

/* The rows in the order of the network. TMK_EINVAL: sizes overflow; TMK_ENOMEM. Free with
 * tmk_cost_table_free(). */
enum tmk_status tmk_cost_table_make(const struct tmk_net *net, enum tmk_grouping grouping,
                                    size_t mb, struct tmk_cost_table *out);
void tmk_cost_table_free(struct tmk_cost_table *table);

#endif
