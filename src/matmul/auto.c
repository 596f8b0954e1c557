/* auto: whichever of ours a short measurement finds fastest. */
#include "auto.h"

const struct tmk_impl tmk_matmul_auto = {
    .name = "auto",
    .summary = "blocked, or plain loops if small, as a short measurement tells",
    .bits_vary = true,
    .workspace = tmk_auto_workspace,
    .run = tmk_auto_run,
    .prepare = tmk_auto_prepare,
};
