/* Teams whose threads have shown very unequal paces, so that their shares are as unequal. */
#ifndef TMK_TESTS_PACES_H
#define TMK_TESTS_PACES_H

#include "pace.h"

/* Threads i of a team are slow or fast as bit i % 3 of `pattern` says. */
static inline void learn_paces(int threads, size_t pattern)
{
    struct tmk_pace pace = {.threads = (size_t)threads, .watched = true};
    for (int i = 0; i < threads; i++)
        pace.speed[i] = pattern >> i % 3 & 1 ? 10 : 1;
    for (int calls = 0; calls < 20; calls++)
        tmk_pace_learn(&pace);
}

#endif
