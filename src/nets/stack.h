/* Chains of convolutions and pools from a line of words, for questions about shapes. */
#ifndef TMK_NETS_STACK_H
#define TMK_NETS_STACK_H

#include "nets.h"

/* A network "stack": an input of channels x height x width, then a layer for each word, with as
 * many channels out as in.
 *
 *   WORD := KIND K (s N | p N | d N)* [*TIMES]      KIND := conv | pool | maxpool | avgpool
 *
 * K and each N are one number, or ROWSxCOLUMNS: "conv3p1", "conv1x7p0x3", "conv3d2p2*4". s: stride
 * (of a convolution 1, of a pool K unless given, as in PyTorch), p: padding (0), d: dilation (1).
 * "pool" is a maxpool. Layer l, counted from 1, is named "l WORD".
 *
 * TMK_EINVAL, with word and remedy: a word that is no layer, a zero size, an image that shrinks to
 * nothing, no words, more than TMK_STACK_MAX layers. On failure there is nothing to free. */
#define TMK_STACK_MAX 10000
enum tmk_status tmk_net_stack(const char *const *words, size_t channels, size_t height,
                              size_t width, struct tmk_net *out);

#endif
