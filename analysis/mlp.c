/* tilemark mlp: a two-layer network, its gradients in three ways, and the regression it comes from.
 */
#include "commands.h"
#include "mlp.h"

#include "cli.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

#define PUBLISHED_F32 1.8570191860198975
#define FEW 3 /* elements of each gradient that are shown without --all */

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Differentiate a two-layer network with sigmoid units in three ways, then train it.\n"
        "\n"
        "  S = sigmoid(X W1 + b1),  E = Y - (S W2 + b2),  f = ||E||^2\n"
        "  dW2 = -2 S^T E,  db2 = -2 colsum(E),  G = -2 (E W2^T) * S * (1 - S)\n"
        "  dW1 = X^T G,  db1 = colsum(G),  dX = G W1^T\n"
        "\n"
        "First the published case: 1 input, 20 hidden units, 1 output, one sample, drawn by "
        "MT19937\n"
        "with seed 1 as PyTorch draws. The closed form, a backward pass through the graph, and "
        "central\n"
        "differences stand side by side. Then the regression it comes from: 100 points of\n"
        "y = x^2 + noise, x in [-1, 1], noise uniform in [0, 0.2), fitted by gradient descent "
        "with\n"
        "momentum (v = g + momentum v, theta = theta - lr v) on the mean squared error until 1000\n"
        "steps lower it by less than 0.1 %.",
    .examples = "tilemark mlp\n"
                "tilemark mlp --all --steps 2000\n"
                "tilemark mlp --hidden 3 --momentum 0 --out results/mlp",
};

struct options {
    struct tmk_fit_options fit;
    int hidden, steps, seed, all;
    char *out;
};

static bool show_step(void *context, size_t step, double error)
{
    char label[48];
    if (step % 50 == 0) {
        snprintf(label, sizeof label, "step %zu, error %.4g", step, error);
        tmk_progress_update(context, (double)step, label);
    }
    return !tmk_cli_interrupted;
}

static enum tmk_status print_comparison(const struct tmk_comparison *c, bool all)
{
    printf("Published case, f = ||Y - (S W2 + b2)||^2\n"
           "  closed form, f64   %.17g\n"
           "  graph, f64         %.17g\n"
           "  graph, f32         %.17g   (published: %.17g)\n\n",
           c->f_closed, c->f_automatic, c->f_f32, PUBLISHED_F32);
    TMK_TRY(tmk_comparison_print(c, all ? SIZE_MAX : FEW, stdout, false));
    if (!all)
        printf("(the first %d elements of each; --all shows every one)\n", FEW);
    printf("\nlargest difference from the closed form, relative to its largest element\n"
           "       automatic  numerical\n");
    for (int i = 0; i < TMK_TWO_LAYER_GRADIENTS; i++)
        printf("  d%-2s    %8.1e   %8.1e\n", tmk_two_layer_name[i],
               tmk_comparison_error(&c->closed[i], &c->automatic[i]),
               tmk_comparison_error(&c->closed[i], &c->numerical[i]));
    return TMK_OK;
}

static enum tmk_status run_fit(const struct options *options, struct tmk_fit *fit)
{
    struct tmk_progress bar;
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&bar, "mlp", (double)options->fit.max_steps);
    enum tmk_status status = tmk_fit_run(&options->fit, show_step, &bar, fit);
    tmk_progress_end(&bar);
    if (status == TMK_OK && tmk_cli_interrupted) {
        tmk_fit_free(fit);
        status = tmk_fail(TMK_EINTR, "interrupted: the network is not trained");
    }
    return status;
}

static void print_fit(const struct tmk_fit *fit)
{
    printf("\ny = x^2 + noise, %zu hidden units, learning rate %g, momentum %g, seed %u\n",
           fit->options.hidden, fit->options.lr, fit->options.momentum, fit->options.seed);
    for (size_t f = 0; f < fit->nframes; f++)
        printf("  mean squared error after %6zu steps  %.6g%s\n", fit->frame[f].step,
               fit->frame[f].error,
               f < fit->nframes - 1 ? ""
               : fit->still         ? "   (a plateau)"
                                    : "   (still falling: give more --steps)");
    printf("  a constant leaves                      %.6g\n"
           "  the noise leaves                       %.6g\n",
           fit->spread, fit->floor);
}

static enum tmk_status show(const struct options *options, const struct tmk_comparison *comparison,
                            int argc, const char **argv)
{
    struct tmk_fit fit;
    TMK_TRY(print_comparison(comparison, options->all));
    TMK_TRY(run_fit(options, &fit));
    print_fit(&fit);
    enum tmk_status status = TMK_OK;
    if (options->out)
        status = tmk_mlp_write(comparison, &fit, options->out, argc, argv);
    else
        status = tmk_fit_print(&fit);
    tmk_fit_free(&fit);
    return status;
}

static enum tmk_status mlp(struct options *options, int argc, const char **argv)
{
    struct tmk_comparison comparison;
    if (options->hidden < 1 || options->steps < 1)
        return tmk_fail(TMK_EINVAL, "--hidden %d --steps %d: use at least 1 of each",
                        options->hidden, options->steps);
    options->fit.hidden = (size_t)options->hidden;
    options->fit.max_steps = (size_t)options->steps;
    options->fit.seed = (uint32_t)options->seed;
    enum tmk_status status = tmk_comparison_make(&comparison);
    if (status == TMK_OK)
        status = show(options, &comparison, argc, argv);
    tmk_comparison_free(&comparison);
    return status;
}

int tmk_command_mlp(int argc, const char **argv)
{
    struct options options = {
        .fit = {.lr = 0.05, .momentum = 0.9}, .hidden = 20, .steps = 50000, .seed = 1};
    const struct poptOption table[] = {
        {"hidden", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.hidden, 0,
         "hidden units of the regression", "N"},
        {"lr", '\0', POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &options.fit.lr, 0,
         "learning rate", "RATE"},
        {"momentum", '\0', POPT_ARG_DOUBLE | POPT_ARGFLAG_SHOW_DEFAULT, &options.fit.momentum, 0,
         "momentum, 0 up to 1", "M"},
        {"steps", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.steps, 0,
         "stop after so many steps if there is no plateau before", "N"},
        {"seed", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &options.seed, 0,
         "of the noise and of the regression's first parameters", "N"},
        {"all", '\0', POPT_ARG_NONE, &options.all, 0, "show every element of the gradients", NULL},
        {"out", '\0', POPT_ARG_STRING, &options.out, 0,
         "write picture, tables and a chapter of the report into this folder", "DIR"},
        POPT_TABLEEND,
    };
    bool done;
    enum tmk_status status = tmk_cli_parse_options(argc, argv, table, &usage, &done);
    if (status == TMK_OK && !done)
        status = mlp(&options, argc, argv);
    free(options.out);
    return tmk_cli_finish(argv[0], status);
}
