/* tilemark vanishing: what becomes of gradients on their way through a deep network. */
#include "vanishing.h"
#include "commands.h"
#include "numbers.h"

#include "cli.h"
#include "matmul.h"
#include "progress.h"
#include "select.h"
#include "text.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SIGMA 1000.0 /* the theory's integrals have 24 sigma_w / 0.125 terms */
#define MOST_POINTS 1000  /* of a sweep */
#define KEEP_BYTES ((size_t)256 << 20)
#define NARROW 64 /* units up to which the products are naive's unless --impl says */

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...]",
    .about =
        "Follow the gradients of deep networks from the loss back to the first layer:\n"
        "  Z_l = A_l Y_(l-1) + b_l,  Y_l = phi(Z_l) [+ Y_(l-1)],  Y_L = Z_L,\n"
        "  loss = 1/(2 batch) sum (Y_L - Y)^2,  norms of dL/dA_l and dL/db_l in every layer.\n"
        "Signals carry a power of two of their own, so that 1e-500 is a number and not 0, and the\n"
        "slope of the sigmoid is e/(1+e)^2, e = exp(-|z|), which no saturation spoils.\n"
        "\n"
        "Beside it the theory of the factor by which ||dL/dZ_l|| changes in a layer:\n"
        "  bound       at most max|phi'| ||A_l||_2; sigmoid: 1/4 ||A_l||_2 (Hochreiter 1991,\n"
        "              Pascanu et al. 2013); the norms of the first seed's own matrices\n"
        "  mean field  sqrt(chi), chi = sigma_w^2 E[phi'(sqrt(q_l) z)^2], z ~ N(0,1), with\n"
        "              q_(l+1) = sigma_w^2 E[phi(sqrt(q_l) z)^2] + sigma_b^2 in every layer\n"
        "              (Schoenholz et al. 2017); wide layers, weights of mean 0\n"
        "A gradient loses -log10 sqrt(chi) decades per layer. It neither vanishes nor explodes at\n"
        "chi = 1: N(0, sigma_w^2/n) weights with sigma_w = 10.15 for the sigmoid, 1 for tanh,\n"
        "1.414 for relu. --sweep shows it.\n"
        "\n"
        "Without options: a published exercise of six layers of four sigmoids, to the last digit.",
    .examples =
        "tilemark vanishing\n"
        "tilemark vanishing --depth 1000 --width 64 --init torch\n"
        "tilemark vanishing --depth 20 --width 512 --init normal --sigma-w 1,1.4142,4 --seeds 20\n"
        "tilemark vanishing --depth 50 --width 128 --activation relu --init glorot,he --seeds 20\n"
        "tilemark vanishing --sweep\n"
        "tilemark vanishing --init torch,glorot,gain4,normal --sigma-w 10.15 --depth 30 \\\n"
        "  --width 128 --seeds 20 --sweep --out results/vanishing",
};

struct options {
    char *depth, *width, *batch, *seeds, *threads;
    char *activation, *init, *sigma_w, *impl, *dtype, *range, *out;
    int seed, residual, textbook, sweep;
};

/* Shared by all threads; the first of them draws the progress. */
struct watched {
    struct tmk_progress progress;
    const char *label;
    long ticks;
};

static bool tick(void *ctx)
{
    struct watched *watched = ctx;
    long ticks;
#pragma omp atomic capture
    ticks = ++watched->ticks;
    if (omp_get_thread_num() == 0)
        tmk_progress_update(&watched->progress, (double)ticks, watched->label);
    return !tmk_cli_interrupted;
}

static enum tmk_status unknown(const char *option, const char *word, const char *known)
{
    return tmk_fail(TMK_EINVAL, "--%s: '%s' is unknown: choose from %s", option, word, known);
}

static enum tmk_status read_activation(const char *text, const struct tmk_activation **out)
{
    *out = tmk_activation_find(text);
    return *out ? TMK_OK : unknown("activation", text, "sigmoid, tanh, relu");
}

static enum tmk_status read_dtype(const char *text, enum tmk_dtype *out)
{
    for (enum tmk_dtype dtype = 0; dtype < TMK_NDTYPES; dtype++) {
        if (!strcmp(text, tmk_dtype_name[dtype])) {
            *out = dtype;
            return TMK_OK;
        }
    }
    return unknown("dtype", text, "f32, f64");
}

static enum tmk_status read_impl(const char *text, const struct tmk_impl **out)
{
    char known[256] = "";
    *out = tmk_op_impl(&tmk_op_matmul, text);
    if (*out)
        return TMK_OK;
    for (size_t i = 0; tmk_op_matmul.impls[i]; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                 tmk_op_matmul.impls[i]->name);
    }
    return unknown("impl", text, known);
}

/* A positive size; `otherwise` if the option was not given. */
static enum tmk_status read_size(const char *option, const char *text, size_t otherwise,
                                 size_t *out)
{
    *out = otherwise;
    return text ? tmk_parse_positive(option, text, out) : TMK_OK;
}

/* Everything but the initialisation. A sweep's networks are larger than the published case. */
static enum tmk_status read_plan(const struct options *o, struct tmk_ensemble_plan *plan)
{
    struct tmk_mlp_spec *spec = &plan->spec;
    size_t threads;
    TMK_TRY(read_size("--depth", o->depth, o->sweep ? 30 : 6, &spec->depth));
    TMK_TRY(read_size("--width", o->width, o->sweep ? 128 : 4, &spec->width));
    TMK_TRY(read_size("--batch", o->batch, 1, &spec->batch));
    TMK_TRY(read_size("--seeds", o->seeds, o->sweep ? 5 : 1, &plan->seeds));
    TMK_TRY(read_size("--threads", o->threads, (size_t)tmk_select_cpus(), &threads));
    if (threads > 1024)
        return tmk_fail(TMK_EINVAL, "--threads: %zu are too many: choose up to 1024", threads);
    TMK_TRY(read_activation(o->activation ? o->activation : "sigmoid", &spec->activation));
    TMK_TRY(read_dtype(o->dtype ? o->dtype : "f64", &spec->dtype));
    TMK_TRY(read_impl(o->impl                 ? o->impl
                      : spec->width <= NARROW ? "naive"
                                              : "blocked",
                      &spec->impl));
    if (o->seed < 0)
        return tmk_fail(TMK_EINVAL, "--seed: %d is negative: choose 0 or more", o->seed);
    spec->residual = o->residual;
    spec->keep_bytes = KEEP_BYTES;
    plan->first = (uint32_t)o->seed;
    plan->threads = (int)threads;
    plan->spectral = true;
    return TMK_OK;
}

static enum tmk_status read_sigma(const char *option, const char *text, size_t length, double *out)
{
    char word[32], *end = word;
    snprintf(word, sizeof word, "%.*s", (int)length, text);
    *out = length < sizeof word ? strtod(word, &end) : 0;
    if (end != word && !*end && *out > 0 && *out <= MOST_SIGMA)
        return TMK_OK;
    return tmk_fail(TMK_EINVAL, "%s: '%.*s' is no spread: write a number up to %g, as in 1.5",
                    option, (int)length, text, MOST_SIGMA);
}

/* Append a case: an initialisation with a sigma_w. */
static enum tmk_status add_case(struct tmk_vanishing *v, const struct tmk_ensemble_plan *plan,
                                const struct tmk_init *init, double sigma_w)
{
    if (v->ncases == TMK_VANISHING_CASES)
        return tmk_fail(TMK_EINVAL, "--init and --sigma-w make more than %d cases: leave some out",
                        TMK_VANISHING_CASES);
    struct tmk_ensemble_plan *own = &v->cases[v->ncases++].plan;
    *own = *plan;
    own->spec.init = init;
    own->spec.sigma_w = sigma_w;
    return TMK_OK;
}

/* `normal` makes a case of every sigma_w. */
static enum tmk_status add_init(struct tmk_vanishing *v, const struct tmk_ensemble_plan *plan,
                                const struct tmk_init *init, const char *sigmas)
{
    if (strcmp(init->name, "normal"))
        return add_case(v, plan, init, 1);
    for (const char *word = sigmas;; word++) {
        double sigma_w;
        size_t length = strcspn(word, ",");
        TMK_TRY(read_sigma("--sigma-w", word, length, &sigma_w));
        TMK_TRY(add_case(v, plan, init, sigma_w));
        word += length;
        if (!*word)
            return TMK_OK;
    }
}

static enum tmk_status read_cases(const struct options *o, const struct tmk_ensemble_plan *plan,
                                  struct tmk_vanishing *v)
{
    const char *inits = o->init ? o->init : o->sigma_w ? "normal" : "u01";
    if (o->sweep && !o->init)
        return TMK_OK;
    for (const char *word = inits;; word++) {
        char name[32];
        size_t length = strcspn(word, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        const struct tmk_init *init = tmk_init_find(name);
        if (!init)
            return unknown("init", name, "torch, glorot, gain4, he, normal, u01");
        TMK_TRY(add_init(v, plan, init, o->sigma_w ? o->sigma_w : "1"));
        word += length;
        if (!*word)
            break;
    }
    bool reads_sigma = strstr(inits, "normal") != NULL;
    if (o->sigma_w && !reads_sigma)
        return tmk_fail(TMK_EINVAL, "--sigma-w is read by --init normal: name it, or leave it out");
    return TMK_OK;
}

/* LO:HI:POINTS; by default around the critical sigma_w of the activation. */
static enum tmk_status read_range(const char *text, const struct tmk_activation *activation,
                                  double *lo, double *hi, size_t *points)
{
    double critical = strcmp(activation->name, "sigmoid") ? 1 : 10;
    *lo = 0.05 * critical;
    *hi = 4 * critical;
    *points = 27;
    if (!text)
        return TMK_OK;
    size_t first = strcspn(text, ":"), second = text[first] ? strcspn(text + first + 1, ":") : 0;
    const char *last = text + first + 1 + second;
    if (!text[first] || *last != ':' || !tmk_parse_size(last + 1, points) || *points < 2 ||
        *points > MOST_POINTS)
        return tmk_fail(TMK_EINVAL,
                        "--range: '%s' is no range: write LO:HI:POINTS with 2 to %d points, as in "
                        "0.5:40:27",
                        text, MOST_POINTS);
    TMK_TRY(read_sigma("--range", text, first, lo));
    TMK_TRY(read_sigma("--range", text + first + 1, second, hi));
    return *lo < *hi ? TMK_OK
                     : tmk_fail(TMK_EINVAL, "--range: %g:%g runs backwards: write LO:HI:POINTS",
                                *lo, *hi);
}

static enum tmk_status run_cases(struct tmk_vanishing *v, struct watched *watched)
{
    for (size_t i = 0; i < v->ncases; i++) {
        struct tmk_ensemble_plan plan = v->cases[i].plan;
        plan.watch = (struct tmk_mlp_watch){tick, watched};
        watched->label = plan.spec.init->name;
        TMK_TRY(tmk_decay_make(&plan, v->textbook, &v->cases[i]));
    }
    return TMK_OK;
}

static double count_ticks(const struct tmk_vanishing *v, const struct tmk_ensemble_plan *plan,
                          size_t points)
{
    double layers = 2 * (double)plan->spec.depth;
    double runs = (double)v->ncases * ((double)plan->seeds + v->textbook);
    return layers * (runs + (v->swept ? (double)(points * plan->seeds) : 0));
}

static enum tmk_status run(struct tmk_vanishing *v, struct tmk_ensemble_plan *plan, double lo,
                           double hi, size_t points)
{
    struct watched watched = {.label = "sweep"};
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&watched.progress, "networks", count_ticks(v, plan, points));
    enum tmk_status status = run_cases(v, &watched);
    plan->watch = (struct tmk_mlp_watch){tick, &watched};
    watched.label = "sweep";
    if (status == TMK_OK && v->swept)
        status = tmk_sigma_sweep_make(plan, lo, hi, points, &v->sweep);
    tmk_progress_end(&watched.progress);
    return status;
}

static enum tmk_status show(const struct tmk_vanishing *v, const char *out)
{
    TMK_TRY(tmk_vanishing_print(v, !out));
    return out ? tmk_vanishing_draw(v, out) : TMK_OK;
}

/* Nothing is chosen that makes it another network than the published one. */
static bool is_published(const struct options *o)
{
    return !(o->depth || o->width || o->batch || o->seeds || o->activation || o->init ||
             o->sigma_w || o->dtype || o->seed || o->residual || o->sweep);
}

static enum tmk_status answer(const struct options *o, struct tmk_vanishing *v)
{
    struct tmk_ensemble_plan plan = {0};
    double lo, hi;
    size_t points;
    v->swept = o->sweep;
    TMK_TRY(read_plan(o, &plan));
    TMK_TRY(read_cases(o, &plan, v));
    TMK_TRY(read_range(o->range, plan.spec.activation, &lo, &hi, &points));
    if (o->range && !o->sweep)
        return tmk_fail(TMK_EINVAL, "--range is read by --sweep: add it, or leave it out");
    v->textbook = o->textbook || is_published(o);
    enum tmk_status status = run(v, &plan, lo, hi, points);
    return status == TMK_OK ? show(v, o->out) : status;
}

static void free_all(struct options *o, struct tmk_vanishing *v)
{
    char *const texts[] = {o->depth, o->width,   o->batch, o->seeds, o->threads, o->activation,
                           o->init,  o->sigma_w, o->impl,  o->dtype, o->range,   o->out};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < v->ncases; i++)
        tmk_decay_free(&v->cases[i]);
    tmk_sigma_sweep_free(&v->sweep);
}

int tmk_command_vanishing(int argc, const char **argv)
{
    struct options o = {0};
    struct tmk_vanishing v = {.argc = argc, .argv = argv};
    const struct poptOption table[] = {
        {"depth", 0, POPT_ARG_STRING, &o.depth, 0, "layers (6; with --sweep 30)", "N"},
        {"width", 0, POPT_ARG_STRING, &o.width, 0, "units of a layer (4; with --sweep 128)", "N"},
        {"batch", 0, POPT_ARG_STRING, &o.batch, 0, "samples (1)", "N"},
        {"activation", 0, POPT_ARG_STRING, &o.activation, 0, "sigmoid (default), tanh, relu",
         "NAME"},
        {"residual", 0, POPT_ARG_NONE, &o.residual, 0, "add a layer's input to its output", NULL},
        {"init", 0, POPT_ARG_STRING, &o.init, 0,
         "torch, glorot, gain4 (glorot times 4), he, normal, u01 (default), or several", "LIST"},
        {"sigma-w", 0, POPT_ARG_STRING, &o.sigma_w, 0,
         "for normal: weights N(0, S^2/n) (1), or several", "S"},
        {"sweep", 0, POPT_ARG_NONE, &o.sweep, 0, "normal weights of many sigma_w", NULL},
        {"range", 0, POPT_ARG_STRING, &o.range, 0,
         "of --sweep (0.5:40:27; for tanh and relu 0.05:4:27)", "LO:HI:POINTS"},
        {"seeds", 0, POPT_ARG_STRING, &o.seeds, 0, "networks of each kind (1; with --sweep 5)",
         "N"},
        {"seed", 0, POPT_ARG_INT, &o.seed, 0, "the first of them (0)", "N"},
        {"impl", 0, POPT_ARG_STRING, &o.impl, 0,
         "matmul's implementation (naive up to 64 units, blocked beyond)", "NAME"},
        {"dtype", 0, POPT_ARG_STRING, &o.dtype, 0, "f64 (default) or f32", "TYPE"},
        {"threads", 0, POPT_ARG_STRING, &o.threads, 0, "at most so many (all CPUs)", "N"},
        {"textbook", 0, POPT_ARG_NONE, &o.textbook, 0, "show what slopes s(1-s) do to the norms",
         NULL},
        {"out", 0, POPT_ARG_STRING, &o.out, 0, "pictures, tables, a chapter of the report", "DIR"},
        POPT_TABLEEND,
    };
    bool done;
    enum tmk_status status = tmk_cli_parse_options(argc, argv, table, &usage, &done);
    if (status == TMK_OK && !done)
        status = answer(&o, &v);
    free_all(&o, &v);
    return tmk_cli_finish(argv[0], status);
}
