#include "exec.h"

#include "clock.h"

const char *const tmk_phase_name[TMK_NPHASES] = {"pack", "compute", "reduce"};

double tmk_phase_start(const struct tmk_exec *exec)
{
    return exec->phases ? tmk_now() : 0;
}

double tmk_phase_end(const struct tmk_exec *exec, int thread, enum tmk_phase phase, double start)
{
    if (!exec->phases)
        return 0;
    double end = tmk_now();
    exec->phases[thread].seconds[phase] += end - start;
    return end;
}
