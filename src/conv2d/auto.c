/* auto: whichever of our fast ones a short measurement finds fastest. Not im2col_blocked, whose
 * columns would make the workspace grow with the problem. */
#include "auto.h"

const struct tmk_impl tmk_conv2d_auto = {
    .name = "auto",
    .summary = "blocked or winograd, as a short measurement tells",
    .accuracy = TMK_NORMWISE,
    .bits_vary = true,
    .workspace = tmk_auto_workspace,
    .run = tmk_auto_run,
    .prepare = tmk_auto_prepare,
};
