#include "noise.h"

#include "clock.h"
#include "size.h"
#include "stats.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define CANARY_STEPS 75000 /* of some 8 cycles: 0.2 ms at 3 GHz */
#define CANARY_SLOW 1.25
#define STEAL_SHARE 0.02
#define MIN_CANARIES 5

double tmk_steal_parse(const char *stat, double ticks_per_second)
{
    unsigned long long steal;
    if (sscanf(stat, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
        return 0;
    return (double)steal / ticks_per_second;
}

double tmk_steal_seconds(void)
{
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    char head[512]; /* the first line is all that is wanted */
    ssize_t got = read(fd, head, sizeof head - 1);
    close(fd);
    if (got <= 0)
        return 0;
    head[got] = '\0';
    return tmk_steal_parse(head, (double)sysconf(_SC_CLK_TCK));
}

static volatile double canary_seed = 0.5;
static volatile double canary_result;

double tmk_canary_seconds(void)
{
    double start = tmk_now();
    double x = canary_seed;
    uint32_t u = 1;
    /* Each step waits for the one before it, in the integer unit as in the floating-point one. */
    for (int i = 0; i < CANARY_STEPS; i++) {
        u = u * 1664525u + 1013904223u;
        x = x * 0.5 + (double)(u >> 16);
    }
    canary_result = x;
    return tmk_now() - start;
}

void tmk_canaries_add(struct tmk_canaries *canaries, double seconds)
{
    canaries->seconds[canaries->count++ % TMK_CANARIES] = seconds;
}

double tmk_canaries_median(const struct tmk_canaries *canaries)
{
    if (canaries->count < MIN_CANARIES)
        return NAN;
    return tmk_summarise(canaries->seconds, TMK_MIN(canaries->count, TMK_CANARIES)).median;
}

bool tmk_round_is_noisy(double canary_s, double median_canary_s, double steal_s, double wall_s,
                        int cpus)
{
    return canary_s > CANARY_SLOW * median_canary_s || steal_s > STEAL_SHARE * wall_s * cpus;
}
