/* One call of convolution along channels, as the files that run it see it; nobody else includes it.
 */
#ifndef TMK_CONV2D_CHANNELS_CALL_H
#define TMK_CONV2D_CHANNELS_CALL_H

#include "channels_plan.h"
#include "exec.h"
#include "pace.h"

/* A phase of the results, and where its taps begin in the table. */
struct tmk_channels_phase {
    struct tmk_conv2d_phase h, w;
    size_t row, column, first_tap;
};

/* What a step moves in the image, or in its copy: elements. */
struct tmk_channels_steps {
    ptrdiff_t image, channel, row, column, row_part, column_part;
};

/* One call, as one thread sees it. */
struct tmk_channels_call {
    const struct tmk_channels_plan *plan;
    const struct tmk_exec *exec;
    struct tmk_pace *pace;
    int thread;
    size_t groups;
    const struct tmk_view *image, *weights, *out, *bias;
    struct tmk_channels_phase *phases;
    struct tmk_channels_tap *taps;
    struct tmk_channels_steps steps;
    char *copy, *panels;
    double clock;
};

/* Some images, all rows of them; or some rows of one. */
struct tmk_channels_slab {
    size_t group;
    size_t n, images, row, rows;
    size_t units;
    const char *from;
};

/* A panel of lanes and a block of channels. */
struct tmk_channels_block {
    size_t lane, lanes, vectors, channel, channels;
    char *weights; /* packed */
    bool fetch;    /* the image for the next unit meanwhile */
};

static inline void tmk_channels_note(struct tmk_channels_call *call, enum tmk_phase phase)
{
    call->clock = tmk_phase_end(call->exec, call->thread, phase, call->clock);
}

/* A panel's lanes and vectors: the last one may have fewer than the others. */
struct tmk_channels_block tmk_channels_block(const struct tmk_channels_plan *plan, size_t panel);

/* All threads: bring the slab where it can be read. */
void tmk_channels_copy(struct tmk_channels_call *call, struct tmk_channels_slab *slab);

/* This thread: a block's weights; all threads: every panel, some channels at a time. */
void tmk_channels_pack(struct tmk_channels_call *call, size_t group,
                       const struct tmk_channels_block *block);
void tmk_channels_pack_panels(struct tmk_channels_call *call, size_t group);

#endif
