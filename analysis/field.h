/* Receptive fields of a network's layers by formula (Araujo et al., "Computing receptive fields of
 * convolutional neural networks", Distill 2019). A window of k taps, stride s, padding p, dilation
 * d on a layer of size r, jump j, start a gives
 *
 *   size r + (k-1) d j,   jump s j,   start a - p j
 *
 * and a layer that joins several has the hull of theirs. */
#ifndef TMK_ANALYSIS_FIELD_H
#define TMK_ANALYSIS_FIELD_H

#include "nets.h"

enum tmk_axis { TMK_ROWS, TMK_COLUMNS, TMK_NAXES };

/* One axis: output i, from 0, depends on no inputs but start + i*jump ... start + i*jump + size-1,
 * of which those inside the image are there to be read. */
struct tmk_field {
    size_t size, jump;
    ptrdiff_t start; /* negative: in the padding */
};

struct tmk_fields {
    const struct tmk_net *net;
    struct tmk_field (*of)[TMK_NAXES]; /* by layer */
    bool *
        known; /* by layer; false: it sees the whole image, or belongs to an auxiliary classifier */
    int last;  /* the last layer known */
    int *path; /* convolutions and pools from the image to `last`, along the largest fields */
    int npath;
};

/* TMK_EINVAL: a field's size overflows; TMK_ENOMEM. On failure there is nothing to free. */
enum tmk_status tmk_fields_make(const struct tmk_net *net, struct tmk_fields *out);
void tmk_fields_free(struct tmk_fields *fields);

/* The window of a convolution or pool along an axis; false for any other layer. */
struct tmk_taps {
    size_t count, stride, padding, dilation;
};
bool tmk_layer_taps(const struct tmk_layer *layer, enum tmk_axis axis, struct tmk_taps *taps);

/* Rows or columns of a layer's output. */
size_t tmk_layer_extent(const struct tmk_layer *layer, enum tmk_axis axis);

#endif
