/* The roof: the table of commands, nothing else. */
#include "cli.h"
#include "../analysis/commands.h"
#include "../bench/commands.h"

static const struct tmk_command commands[] = {
    {"machine", "show topology, caches, CPUs, and measured ceilings", tmk_command_machine},
    {"list", "list operations, implementations, sets, problems", tmk_command_list},
    {"verify", "hold implementations against the oracle or reference vectors", tmk_command_verify},
    {"bench", "time implementations side by side and record a run", tmk_command_bench},
    {"report", "make plots and report.html from a run", tmk_command_report},
    {"gradcheck", "check every operator's gradient by differences", tmk_command_gradcheck},
    {"resblock", "differentiate a residual block, by numbers and by tensors", tmk_command_resblock},
    {"mlp", "differentiate and train a two-layer sigmoid network", tmk_command_mlp},
    {"train", "train a network on these kernels; time and explain a step", tmk_command_train},
    {NULL, NULL, NULL},
};

int main(int argc, const char **argv)
{
    return tmk_cli_main(argc, argv, commands);
}
