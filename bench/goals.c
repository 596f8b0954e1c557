/* The goals, and which problems each is about: a problem is known by its shape, so that any run's
 * cells find their place. */
#include "conv2d.h"
#include "matmul.h"
#include "score.h"

#define LARGE_SQUARE 1024
#define WINOGRAD_IMAGE 28

static bool is_square(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_matmul *p = tmk_matmul_of(problem);
    (void)dir;
    return problem->op == &tmk_op_matmul && p->nbatch == 0 && p->m == p->n && p->n == p->k;
}

static bool is_large_square(const struct tmk_problem *problem, enum tmk_dir dir)
{
    return is_square(problem, dir) && tmk_matmul_of(problem)->m >= LARGE_SQUARE;
}

static bool is_other_product(const struct tmk_problem *problem, enum tmk_dir dir)
{
    return problem->op == &tmk_op_matmul && !is_square(problem, dir);
}

static bool is_convolution(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)dir;
    return problem->op == &tmk_op_conv2d && tmk_conv2d_of(problem)->g == 1;
}

static bool is_depthwise(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    (void)dir;
    return problem->op == &tmk_op_conv2d && p->g > 1 && p->g == p->ic;
}

static bool is_winograd(const struct tmk_problem *problem, enum tmk_dir dir)
{
    const struct tmk_conv2d *p = tmk_conv2d_of(problem);
    return is_convolution(problem, dir) && p->kh == 3 && p->kw == 3 && p->sh == 1 && p->sw == 1 &&
           p->dh == 1 && p->dw == 1 && p->ih >= WINOGRAD_IMAGE && p->iw >= WINOGRAD_IMAGE;
}

static bool is_any(const struct tmk_problem *problem, enum tmk_dir dir)
{
    (void)problem, (void)dir;
    return true;
}

/* clang-format off */
#define RIVALS(...) TMK_AGAINST_RIVALS, {__VA_ARGS__}
const struct tmk_goal tmk_goals[] = {
    /* work, ours, what it is held against, goal, floor, MFLOP of cells that count, problems */
    {"square products", "blocked", RIVALS(TMK_ANY_RIVAL), 1.00, 0.90, 0, is_square},
    {"other products", "blocked", RIVALS(TMK_ANY_RIVAL), 1.05, 0.85, 0, is_other_product},
    {"square products, 1024 and up", "blocked", TMK_AGAINST_PEAK, {NULL}, 93, 90, 0, is_large_square},
    {"convolutions", "blocked", RIVALS("onednn"), 1.30, 1.00, 0, is_convolution},
    {"convolutions", "auto", RIVALS("onednn_any"), 1.10, 0.85, 0, is_convolution},
    {"3x3, stride 1, images 28 and up", "winograd", RIVALS("onednn_winograd", TMK_ANY_RIVAL), 1.00, 0.80, 0, is_winograd},
    {"depthwise convolutions", "blocked", RIVALS("onednn"), 1.00, 0.80, 0, is_depthwise},
    {"two threads against one", "blocked", TMK_AGAINST_ONE_THREAD, {NULL}, 1.90, 1.70, 50, is_any},
    {"workspace", "blocked", TMK_WORKSPACE, {NULL}, 16, 0, 0, is_any},
    {.work = NULL},
};
/* clang-format on */
