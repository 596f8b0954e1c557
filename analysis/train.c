/* tilemark train: train a network of src/nets on the suite's own kernels. */
#include "commands.h"
#include "train.h"

#include "clock.h"
#include "cli.h"
#include "folder.h"
#include "progress.h"
#include "select.h"
#include "text.h"

#include <float.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] NET | --resume DIR",
    .about =
        "Train a network of the tables by stochastic gradient descent on the mean softmax\n"
        "cross-entropy of a batch, with every convolution and matrix product run by the\n"
        "implementation of your choice:\n"
        "\n"
        "  g = dL/dtheta + weight_decay theta,  v = g + momentum v,  theta = theta - lr v\n"
        "\n"
        "Data are IDX files as MNIST has them, gzipped or not, or synthetic: normal pixels with\n"
        "labels drawn at random, which a network can only learn by heart (Zhang et al.,\n"
        "\"Understanding deep learning requires rethinking generalization\", ICLR 2017).\n"
        "Parameters start as PyTorch's defaults, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), with which\n"
        "each layer passes on a sixth of an image's variance: a deep network without "
        "normalisation\n"
        "stays on a plateau, the longer the smaller --contrast. Loss and accuracy are means over\n"
        "the epoch, of each image before its own step. GFLOP/s count 2 per multiply-add of\n"
        "convolutions and matrix products, forward and backward.\n"
        "\n"
        "The same options give the same bits at any number of threads. With --out every epoch\n"
        "leaves a checkpoint; a run that was killed goes on from it with --resume and ends with "
        "the\n"
        "very weights it would have had. --dry-run tells memory and FLOPs of a step before it\n"
        "starts. --bench times one step by implementation and number of threads, and tells the\n"
        "share of it inside their kernels.\n"
        "\n"
        "Networks to begin with: mlp-relu, mlp-sigmoid, resnet-mini, alexnet-mnist.",
    .examples = "tilemark train mlp-relu --synthetic 200 --epochs 30\n"
                "tilemark train resnet-mini --images train-images-idx3-ubyte.gz \\\n"
                "    --labels train-labels-idx1-ubyte.gz --fraction 0.1 --out results/mini\n"
                "tilemark train --resume results/mini --epochs 20\n"
                "tilemark train resnet-mini --dry-run --batch 256\n"
                "tilemark train resnet-mini --bench --impl im2col,blocked --out results/bench",
};

/* As given: numbers before they are checked, texts from popt that are freed at the end. */
struct given {
    struct tmk_train_options options;
    char *images, *labels, *impl, *dtype, *threads, *out, *resume;
    int synthetic, batch, epochs, seed;
    int random_labels, in_order, dry_run, bench;
    double budget_s;
};

#define DEFAULT_EPOCHS 20

/* What a network trains with if nothing else is said. The layers of alexnet-mnist damp what comes
 * in about six times each at PyTorch's first weights: it learns random labels from images of large
 * contrast, at a small rate, and from others not within hours. */
static const struct recipe {
    const char *net; /* NULL: any other */
    int batch;
    double contrast, lr, momentum;
} recipes[] = {{"alexnet-mnist", 10, 64, 0.001, 0.9}, {NULL, 64, 1, 0.1, 0}};

#define UNSET INT_MIN /* a number that was not given */
#define UNSET_REAL (-DBL_MAX)

static void take(double *value, double usual)
{
    *value = *value == UNSET_REAL ? usual : *value;
}

static void follow_recipe(struct given *given, const char *net)
{
    const struct recipe *recipe = recipes;
    while (recipe->net && strcmp(recipe->net, net) != 0)
        recipe++;
    given->batch = given->batch == UNSET ? recipe->batch : given->batch;
    take(&given->options.contrast, recipe->contrast);
    take(&given->options.lr, recipe->lr);
    take(&given->options.momentum, recipe->momentum);
}

static enum tmk_status copy_path(const char *path, char out[PATH_MAX])
{
    if (!path)
        return TMK_OK;
    return realpath(path, out) ? TMK_OK
                               : tmk_fail(TMK_EIO, "cannot open %s: is the path right?", path);
}

static enum tmk_status check_counts(const struct given *given)
{
    const struct {
        const char *name;
        int value, least;
    } counts[] = {{"--synthetic", given->synthetic, 0},
                  {"--batch", given->batch, 1},
                  {"--epochs", given->epochs, 0},
                  {"--seed", given->seed, 0}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (counts[i].value < counts[i].least)
            return tmk_fail(TMK_EINVAL, "%s %d: use at least %d", counts[i].name, counts[i].value,
                            counts[i].least);
    }
    if (given->dtype && strcmp(given->dtype, "f32") != 0 && strcmp(given->dtype, "f64") != 0)
        return tmk_fail(TMK_EINVAL, "--dtype %s: use f32 or f64", given->dtype);
    return TMK_OK;
}

/* The options that training itself looks at. */
static enum tmk_status settle(struct given *given, const char *net)
{
    struct tmk_train_options *o = &given->options;
    follow_recipe(given, net);
    TMK_TRY(check_counts(given));
    TMK_TRY(copy_path(given->images, o->images));
    TMK_TRY(copy_path(given->labels, o->labels));
    const char *impl = given->impl && !given->bench ? given->impl : "blocked";
    if (strlen(impl) >= sizeof o->impl || strlen(net) >= sizeof o->net)
        return tmk_fail(TMK_EINVAL, "%s: too long: write each implementation once", impl);
    strcpy(o->net, net);
    strcpy(o->impl, impl);
    o->synthetic = (size_t)given->synthetic;
    o->batch = (size_t)given->batch;
    o->epochs = given->epochs ? (size_t)given->epochs : DEFAULT_EPOCHS;
    o->seed = (uint32_t)given->seed;
    o->random_labels = given->random_labels;
    o->in_order = given->in_order;
    o->dtype = given->dtype && strcmp(given->dtype, "f64") == 0 ? TMK_F64 : TMK_F32;
    if ((given->bench || given->dry_run) && !o->synthetic && !given->images && !given->labels)
        o->synthetic = o->batch;
    return TMK_OK;
}

static enum tmk_status settle_threads(struct given *given)
{
    int *counts;
    size_t n;
    const char *text = given->threads ? given->threads : "max";
    TMK_TRY(tmk_parse_threads(text, tmk_select_cpus(), &counts, &n));
    given->options.threads = counts[0];
    free(counts);
    if (n > 1)
        return tmk_fail(TMK_EINVAL, "--threads %s: one number, lists are for --bench", text);
    return TMK_OK;
}

/* -- training -- */

struct watching {
    const struct tmk_trainer *trainer;
    struct tmk_progress bar;
    double start, flops; /* of an image */
    uint64_t first;      /* epoch of this process */
};

static bool watch(void *context, size_t images, double loss, double accuracy)
{
    struct watching *w = context;
    const struct tmk_trainer *t = w->trainer;
    double done = (double)(t->epoch - w->first) * (double)t->data.count + (double)images;
    double rate = done / (tmk_now() - w->start);
    char label[128];
    snprintf(label, sizeof label,
             "epoch %llu/%zu, loss %.4f, accuracy %.3f, %.3g images/s, %.3g GFLOP/s",
             (unsigned long long)t->epoch + 1, t->options.epochs, loss, accuracy, rate,
             rate * w->flops / 1e9);
    tmk_progress_update(&w->bar, done, label);
    return !tmk_cli_interrupted;
}

static void print_epoch(const struct watching *w, const struct tmk_epoch *epoch)
{
    const struct tmk_trainer *t = w->trainer;
    double rate = (double)t->data.count / epoch->seconds;
    tmk_progress_wipe();
    printf("%5llu  %9.6f  %8.4f  %9.3f  %8.0f  %7.1f\n", (unsigned long long)t->epoch, epoch->loss,
           epoch->accuracy, epoch->seconds, rate, rate * w->flops / 1e9);
    fflush(stdout);
}

static enum tmk_status train_epochs(struct tmk_trainer *t, const char *folder, struct watching *w)
{
    while (t->epoch < t->options.epochs) {
        TMK_TRY(tmk_trainer_epoch(t, watch, w));
        print_epoch(w, &t->log[t->epoch - 1]);
        if (folder)
            TMK_TRY(tmk_checkpoint_write(t, folder));
    }
    return TMK_OK;
}

static enum tmk_status train(struct tmk_trainer *t, const char *folder, int argc, const char **argv)
{
    struct watching w = {.trainer = t, .start = tmk_now(), .first = t->epoch};
    double images = (double)(t->options.epochs - t->epoch) * (double)t->data.count;
    w.flops = tmk_model_flops(&t->model) / (double)t->model.batch;
    printf("%s, %zu images in batches of %zu, %s, %s, %d thread%s, seed %u\n"
           "epoch       loss  accuracy    seconds  images/s  GFLOP/s\n",
           t->net.name, t->data.count, t->options.batch, tmk_dtype_name[t->options.dtype],
           t->options.impl, t->options.threads, t->options.threads > 1 ? "s" : "", t->options.seed);
    tmk_cli_catch_interrupt();
    tmk_progress_begin(&w.bar, "train", images);
    enum tmk_status status = train_epochs(t, folder, &w);
    tmk_progress_end(&w.bar);
    if (status == TMK_EINTR && folder && t->epoch > 0)
        return tmk_fail(TMK_EINTR,
                        "interrupted in epoch %llu: go on with `tilemark train "
                        "--resume %s`",
                        (unsigned long long)t->epoch + 1, folder);
    TMK_TRY(status);
    return tmk_train_report(t, folder, argc, argv);
}

/* Begin, or go on from the folder's checkpoint. */
static enum tmk_status start(const struct given *given, struct tmk_trainer *t, int argc,
                             const char **argv)
{
    const char *folder = given->resume ? given->resume : given->out;
    TMK_TRY(tmk_trainer_start(t));
    if (folder)
        TMK_TRY(tmk_folder_make(folder));
    if (given->resume)
        TMK_TRY(tmk_checkpoint_load(t, folder));
    return train(t, folder, argc, argv);
}

static enum tmk_status run(const struct given *given, int argc, const char **argv)
{
    struct tmk_trainer trainer;
    enum tmk_status status = tmk_trainer_plan(&given->options, &trainer);
    if (status == TMK_OK && given->dry_run)
        status = tmk_train_print_memory(&trainer);
    else if (status == TMK_OK)
        status = start(given, &trainer, argc, argv);
    tmk_trainer_free(&trainer);
    return status;
}

/* -- the command -- */

static enum tmk_status bench(const struct given *given, int argc, const char **argv)
{
    int *counts;
    size_t n;
    TMK_TRY(
        tmk_parse_threads(given->threads ? given->threads : "all", tmk_select_cpus(), &counts, &n));
    const struct tmk_train_bench bench = {.impls = given->impl,
                                          .threads = counts,
                                          .nthreads = n,
                                          .budget_s = given->budget_s,
                                          .folder = given->out,
                                          .argc = argc,
                                          .argv = argv};
    enum tmk_status status = tmk_train_bench(&given->options, &bench);
    free(counts);
    return status;
}

/* The options of the checkpoint, but for what may change. */
static enum tmk_status resume(struct given *given, const struct tmk_train_options *usual)
{
    struct tmk_train_options stored;
    if (given->bench || given->dry_run || given->out)
        return tmk_fail(TMK_EINVAL, "--resume goes without --bench, --dry-run and --out: it writes "
                                    "where it reads");
    TMK_TRY(tmk_checkpoint_options(given->resume, &stored));
    TMK_TRY(tmk_checkpoint_agree(&given->options, usual, &stored));
    if (given->epochs)
        stored.epochs = given->options.epochs;
    if (given->threads)
        stored.threads = given->options.threads;
    given->options = stored;
    return TMK_OK;
}

static enum tmk_status dispatch(struct given *given, const struct given *usual, const char **rest,
                                int argc, const char **argv)
{
    struct given defaults = *usual;
    if (*rest && rest[1])
        return tmk_fail(TMK_EINVAL, "argument '%s' is not understood: give one network", rest[1]);
    if (!*rest && !given->resume)
        return tmk_fail(TMK_EINVAL, "no network: name one, such as mlp-relu; see %s --help",
                        argv[0]);
    if (given->dry_run && given->bench)
        return tmk_fail(TMK_EINVAL, "--dry-run and --bench: choose one");
    TMK_TRY(settle(given, *rest ? *rest : ""));
    TMK_TRY(settle(&defaults, ""));
    if (given->bench)
        return bench(given, argc, argv);
    TMK_TRY(settle_threads(given));
    if (given->resume)
        TMK_TRY(resume(given, &defaults.options));
    else if (given->out && tmk_checkpoint_exists(given->out))
        return tmk_fail(TMK_EINVAL,
                        "%s holds a run: go on with --resume %s, or choose another "
                        "folder",
                        given->out, given->out);
    return run(given, argc, argv);
}

static void free_texts(struct given *given)
{
    char *const texts[] = {given->images,  given->labels, given->impl,  given->dtype,
                           given->threads, given->out,    given->resume};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}

#define SHOWN | POPT_ARGFLAG_SHOW_DEFAULT

int tmk_command_train(int argc, const char **argv)
{
    const struct given usual = {.options = {.contrast = UNSET_REAL,
                                            .fraction = 1,
                                            .lr = UNSET_REAL,
                                            .momentum = UNSET_REAL},
                                .batch = UNSET,
                                .seed = 1,
                                .budget_s = 10};
    struct given g = usual;
    const struct poptOption table[] = {
        {"images", '\0', POPT_ARG_STRING, &g.images, 0, "IDX file of images", "FILE"},
        {"labels", '\0', POPT_ARG_STRING, &g.labels, 0, "IDX file of their labels", "FILE"},
        {"synthetic", '\0', POPT_ARG_INT, &g.synthetic, 0, "draw N images and labels", "N"},
        {"contrast", '\0', POPT_ARG_DOUBLE, &g.options.contrast, 0,
         "standard deviation of their pixels, which have mean 0 (default: 1; alexnet-mnist: 64)",
         "S"},
        {"random-labels", '\0', POPT_ARG_NONE, &g.random_labels, 0,
         "draw labels instead of the file's", NULL},
        {"fraction", '\0', POPT_ARG_DOUBLE SHOWN, &g.options.fraction, 0,
         "train on this share of the images, the first ones", "F"},
        {"in-order", '\0', POPT_ARG_NONE, &g.in_order, 0,
         "take images as they come, not in a new random order each epoch", NULL},
        {"batch", '\0', POPT_ARG_INT, &g.batch, 0,
         "images in a step (default: 64; alexnet-mnist: 10)", "N"},
        {"epochs", '\0', POPT_ARG_INT, &g.epochs, 0, "passes over the images (default: 20)", "N"},
        {"lr", '\0', POPT_ARG_DOUBLE, &g.options.lr, 0,
         "learning rate (default: 0.1; alexnet-mnist: 0.001)", "RATE"},
        {"momentum", '\0', POPT_ARG_DOUBLE, &g.options.momentum, 0,
         "momentum (default: 0; alexnet-mnist: 0.9)", "M"},
        {"weight-decay", '\0', POPT_ARG_DOUBLE SHOWN, &g.options.weight_decay, 0, "weight decay",
         "D"},
        {"seed", '\0', POPT_ARG_INT SHOWN, &g.seed, 0, "of everything random", "N"},
        {"dtype", '\0', POPT_ARG_STRING, &g.dtype, 0, "f32 (default) or f64", "TYPE"},
        {"impl", '\0', POPT_ARG_STRING, &g.impl, 0,
         "NAME, or by operator conv2d=NAME,matmul=NAME; blocked does what it cannot (default: "
         "blocked). With --bench a list NAME,NAME,... (default: all)",
         "IMPL"},
        {"threads", '\0', POPT_ARG_STRING, &g.threads, 0,
         "OpenMP threads (default: max); with --bench a list such as 1,2,4 or all (default)", "N"},
        {"out", '\0', POPT_ARG_STRING, &g.out, 0,
         "write checkpoint, curves, times and a chapter of the report into this folder", "DIR"},
        {"resume", '\0', POPT_ARG_STRING, &g.resume, 0,
         "go on from this folder's checkpoint with its options; --epochs and --threads may differ",
         "DIR"},
        {"dry-run", '\0', POPT_ARG_NONE, &g.dry_run, 0, "tell memory and FLOPs of a step, and stop",
         NULL},
        {"bench", '\0', POPT_ARG_NONE, &g.bench, 0,
         "time a step by implementation and number of threads", NULL},
        {"time-budget", '\0', POPT_ARG_DOUBLE SHOWN, &g.budget_s, 0, "seconds for --bench", "S"},
        POPT_TABLEEND,
    };
    poptContext context = NULL;
    const char **rest;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, table, &usage, &context, &rest, &done);
    if (status == TMK_OK && !done)
        status = dispatch(&g, &usual, rest, argc, argv);
    free_texts(&g);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
