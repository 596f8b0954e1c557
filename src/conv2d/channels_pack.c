/* What convolution along channels copies of the image, and packs of the weights. */
#include "channels_call.h"
#include "planes.h"
#include "range.h"
#include "size.h"

struct tmk_channels_block tmk_channels_block(const struct tmk_channels_plan *plan, size_t panel)
{
    struct tmk_channels_block block = {.lane = panel * plan->kernel->width};
    block.lanes = TMK_MIN(plan->kernel->width, plan->lanes - block.lane);
    block.vectors = tmk_ceil_div(block.lanes, plan->kernel->lanes);
    return block;
}

void tmk_channels_copy(struct tmk_channels_call *call, struct tmk_channels_slab *slab)
{
    const struct tmk_channels_plan *plan = call->plan;
    const struct tmk_view *image = call->image;
    const ptrdiff_t y = plan->h.first + (ptrdiff_t)(slab->row * plan->h.stride),
                    channel = (ptrdiff_t)(slab->group * plan->channels);
    if (!plan->copied) {
        slab->from =
            tmk_view_at(image, (ptrdiff_t)slab->n * image->stride[0] + channel * image->stride[1] +
                                   y * image->stride[2] + plan->w.first * image->stride[3]);
        return;
    }
    struct tmk_plane_grid grid = {
        .h = (ptrdiff_t)plan->h.image,
        .w = (ptrdiff_t)plan->w.image,
        .x = plan->w.first,
        .plane = image->stride[1],
        .row = image->stride[2],
        .col = image->stride[3],
        .planes = 1,
        .rows = (ptrdiff_t)(slab->rows + plan->h.length - plan->h.positions),
        .pitch = (ptrdiff_t)plan->pitch,
        .sh = (ptrdiff_t)plan->h.parts,
        .sw = (ptrdiff_t)plan->w.parts,
        .part = (ptrdiff_t)plan->part,
    };
    const ptrdiff_t begin = tmk_plane_rows(&grid, y, (ptrdiff_t)plan->h.stride);
    const struct tmk_plane_kernels *kernel = tmk_plane_kernels(image->dtype);
    slab->from = call->copy;
    const struct tmk_range share =
        plan->own_rows ? (struct tmk_range){0, slab->images * plan->channels}
                       : tmk_share(slab->images * plan->channels, (size_t)call->exec->threads,
                                   (size_t)call->thread);
    for (size_t i = share.begin; i < share.end; i++) {
        const size_t n = i / plan->channels, c = i % plan->channels;
        kernel->pack(&grid,
                     tmk_view_at(image, (ptrdiff_t)(slab->n + n) * image->stride[0] +
                                            (channel + (ptrdiff_t)c) * image->stride[1] +
                                            begin * image->stride[2]),
                     call->copy + i * plan->plane * plan->size);
    }
    if (!plan->own_rows) {
#pragma omp barrier
    }
    tmk_channels_note(call, TMK_PHASE_PACK);
}

void tmk_channels_pack(struct tmk_channels_call *call, size_t group,
                       const struct tmk_channels_block *block)
{
    const struct tmk_channels_plan *plan = call->plan;
    const struct tmk_view *w = call->weights;
    const bool bwd_d = plan->dir == TMK_BWD_D;
    const ptrdiff_t lane = w->stride[bwd_d ? 1 : 0], channel = w->stride[bwd_d ? 0 : 1];
    const size_t oc_of_group = group * (bwd_d ? plan->channels : plan->lanes);
    const struct tmk_channels_weights weights = {
        .data =
            tmk_view_at(w, (ptrdiff_t)oc_of_group * w->stride[0] + (ptrdiff_t)block->lane * lane +
                               (ptrdiff_t)block->channel * channel),
        .lane = lane,
        .channel = channel,
        .lanes = block->lanes,
        .channels = block->channels,
        .taps = plan->taps,
        .far = plan->far,
    };
    plan->kernel->pack(&weights, block->vectors * plan->kernel->lanes, block->weights);
    tmk_channels_note(call, TMK_PHASE_PACK);
}

void tmk_channels_pack_panels(struct tmk_channels_call *call, size_t group)
{
    const struct tmk_channels_plan *plan = call->plan;
#pragma omp for collapse(2) schedule(static)
    for (size_t panel = 0; panel < plan->panels; panel++) {
        for (size_t c = 0; c < plan->channels; c += TMK_CHANNELS_GROUP) {
            struct tmk_channels_block block = tmk_channels_block(plan, panel);
            block.channel = c;
            block.channels = TMK_MIN(TMK_CHANNELS_GROUP, plan->channels - c);
            block.weights = call->panels + panel * plan->panel_bytes +
                            c * plan->taps * block.vectors * plan->kernel->lanes * plan->size;
            tmk_channels_pack(call, group, &block);
        }
    }
}
