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
    {"scoreboard", "hold runs against this suite's goals", tmk_command_scoreboard},
    {"roofline", "show implementations under this machine's ceilings", tmk_command_roofline},
    {"blocking", "find the best size of the engine's packed blocks", tmk_command_blocking},
    {"count", "count a network's parameters, work and memory", tmk_command_count},
    {"inception", "weigh naive Inception modules against bottlenecks", tmk_command_inception},
    {"receptive", "show which inputs an output depends on", tmk_command_receptive},
    {"vanishing", "follow gradients through deep networks, beside theory", tmk_command_vanishing},
    {"momentum", "compare the two forms of momentum", tmk_command_momentum},
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
