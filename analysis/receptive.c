/* tilemark receptive: which inputs an output depends on. */
#include "receptive.h"
#include "commands.h"
#include "numbers.h"
#include "stack.h"

#include "conv2d.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_MACS 3e9 /* more than a few seconds of it is not for every run */

static const char *const default_stack[] = {"conv3p1", "conv3p1", "pool2s2", "conv3p1",
                                            "conv3p1", "pool2s2", NULL};

static const struct tmk_usage usage = {
    .synopsis = "[OPTION...] [LAYER...]",
    .about =
        "Show the receptive field of every layer of a stack, or of a network: how many inputs an\n"
        "output depends on, how far apart those of neighbours are, and which they are at borders.\n"
        "\n"
        "LAYER: conv3p1, conv5s2p2, conv1x7p0x3, conv3d2p2, pool2s2, avgpool3s2p1: kind, kernel,\n"
        "  s stride (1; of a pool its kernel), p padding (0), d dilation (1); *N repeats it.\n"
        "  Without LAYER and --net: two stages of conv3p1 conv3p1 pool2s2; layers 2, 3 and 6 are\n"
        "  what textbooks call y1, y2, y3.\n"
        "\n"
        "With r, j, a of the layer below, a window of k taps, stride s, padding p, dilation d has\n"
        "  field r + (k-1)*d*j,  jump s*j,  offset a - p*j        (Araujo et al., Distill 2019);\n"
        "the image has 1, 1, 1. Output i, from 1, reads the inputs offset + (i-1)*jump and the "
        "next\n"
        "field - 1, as far as the image has them. Ranges in the table are exact: taps are "
        "followed\n"
        "back one by one. (N) behind a range: it has holes, and only N inputs of it are read; a *\n"
        "marks a range that ends before the formula says, where a stride leaves inputs over.\n"
        "The check pushes a gradient of one back through bwd_d of the convolutions, all weights "
        "one,\n"
        "pools as averages, and looks which inputs it reaches. Exit code 1: not those of the "
        "table.\n"
        "Of a network, layers that change nothing (1x1, stride 1) are left out; at joins the "
        "field\n"
        "is the hull of the branches, and the layers listed are those of the largest one.",
    .examples = "tilemark receptive\n"
                "tilemark receptive 'conv3p1*4' pool2s2 'conv3p1*4' --size 32x32\n"
                "tilemark receptive conv3p1 conv3p2d2 conv3p4d4 conv3p8d8 --size 64\n"
                "tilemark receptive --net resnet50\n"
                "tilemark receptive --net vgg16 --out results/vgg16-field",
};

struct options {
    char *net, *size, *channels, *impl, *out;
    int check; /* -1: as the work allows */
    int csv;
};

static enum tmk_status make_stack(const struct options *options, const char *const *words,
                                  struct tmk_net *net)
{
    size_t height = 224, width = 224, channels = 3;
    if (options->size)
        TMK_TRY(tmk_parse_image("--size", options->size, &height, &width));
    if (options->channels)
        TMK_TRY(tmk_parse_positive("--channels", options->channels, &channels));
    return tmk_net_stack(*words ? words : default_stack, channels, height, width, net);
}

static enum tmk_status make_net(const struct options *options, const char *const *words,
                                struct tmk_net *net)
{
    size_t height = 0, width = 0;
    if (*words)
        return tmk_fail(TMK_EINVAL, "'%s': --net brings its own layers: leave one of them out",
                        *words);
    if (options->channels)
        return tmk_fail(TMK_EINVAL, "--channels is for stacks: a network has its own");
    if (options->size)
        TMK_TRY(tmk_parse_image("--size", options->size, &height, &width));
    return tmk_net_make(options->net, height, width, net);
}

/* Asked for, or not forbidden and quick. */
static bool wants_check(const struct tmk_receptive *receptive, const struct options *options)
{
    if (options->check >= 0)
        return options->check;
    return tmk_receptive_check_macs(receptive) <= CHECK_MACS;
}

static enum tmk_status check(const struct tmk_receptive *receptive, const struct options *options,
                             char *summary, size_t size)
{
    static struct tmk_selection selection;
    if (!wants_check(receptive, options)) {
        if (options->check < 0)
            tmk_cli_note("Not confirmed by gradients, which would take long: --check does it.");
        return TMK_OK;
    }
    if (options->impl && !(selection.impl = strdup(options->impl)))
        return tmk_fail(TMK_ENOMEM, "no memory for --impl");
    enum tmk_status status = tmk_select_filters(&selection);
    if (status == TMK_OK)
        status = tmk_receptive_check(receptive, &selection, summary, size);
    tmk_select_free(&selection);
    return status;
}

static enum tmk_status show(const struct tmk_receptive *receptive, const struct options *options)
{
    char checked[512] = "";
    if (options->csv && !options->out)
        return tmk_receptive_write_csv(receptive, stdout);
    TMK_TRY(tmk_receptive_print(receptive));
    TMK_TRY(check(receptive, options, checked, sizeof checked));
    printf("%s%s", checked, *checked ? "\n" : "");
    return options->out ? tmk_receptive_draw(receptive, checked, options->out)
                        : tmk_receptive_print_plot(receptive);
}

static enum tmk_status run(const char **words, const struct options *options, int argc,
                           const char **argv)
{
    struct tmk_net net;
    struct tmk_receptive receptive;
    TMK_TRY(options->net ? make_net(options, words, &net) : make_stack(options, words, &net));
    enum tmk_status status = tmk_receptive_make(&net, !options->net, &receptive);
    if (status == TMK_OK) {
        receptive.argc = argc;
        receptive.argv = argv;
        status = show(&receptive, options);
        tmk_receptive_free(&receptive);
    }
    tmk_net_free(&net);
    return status;
}

int tmk_command_receptive(int argc, const char **argv)
{
    struct options options = {.check = -1};
    const struct poptOption table[] = {
        {"net", '\0', POPT_ARG_STRING, &options.net, 0,
         "a network instead of a stack; `tilemark count` lists them", "NAME"},
        {"size", '\0', POPT_ARG_STRING, &options.size, 0,
         "image in rows x columns (default: 224x224, or the network's own)", "HxW"},
        {"channels", '\0', POPT_ARG_STRING, &options.channels, 0,
         "of a stack's image and layers (default: 3)", "N"},
        {"check", '\0', POPT_ARG_VAL, &options.check, 1,
         "confirm by gradients (default: if that takes but seconds)", NULL},
        {"no-check", '\0', POPT_ARG_VAL, &options.check, 0, "do not", NULL},
        {"impl", '\0', POPT_ARG_STRING, &options.impl, 0,
         "implementations that the check uses (default: all)", "LIST"},
        {"csv", '\0', POPT_ARG_NONE, &options.csv, 0, "print the table as CSV", NULL},
        {"out", '\0', POPT_ARG_STRING, &options.out, 0,
         "leave table, picture and a chapter of the report in this folder", "DIR"},
        POPT_TABLEEND,
    };
    poptContext context;
    const char **words;
    bool done;
    enum tmk_status status = tmk_cli_parse(argc, argv, table, &usage, &context, &words, &done);
    if (status == TMK_OK && !done)
        status = run(words, &options, argc, argv);
    char *const texts[] = {options.net, options.size, options.channels, options.impl, options.out};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    poptFreeContext(context);
    return tmk_cli_finish(argv[0], status);
}
