/* The two ways of verifying: against the oracle, and against reference vectors. */
#ifndef TMK_BENCH_VERIFY_H
#define TMK_BENCH_VERIFY_H

#include "tally.h"

/* Hold the chosen implementations against the oracle on every problem of the selection. */
enum tmk_status tmk_verify_problems(const struct tmk_selection *selection, struct tmk_tally *tally);

/* Hold them against the reference vectors in a file, or in the *.txt files below a directory. */
enum tmk_status tmk_verify_vectors(const char *path, const struct tmk_selection *selection,
                                   struct tmk_tally *tally);

#endif
