/* Choosing problems, directions, implementations, threads: the same options for list, verify and
 * bench. */
#ifndef TMK_CLI_SELECT_H
#define TMK_CLI_SELECT_H

#include "cli.h"
#include "sets.h"

#include <stdint.h>

/* What the options were, as given, then what they came to. */
struct tmk_selection {
    char *op, *set, *batch, *dir, *impl, *threads, *dtype, *layout, *bind;
    char *mb;
    double max_gflop;
    int seed;

    struct tmk_list list;           /* problems, in every chosen dtype and layout */
    bool dirs[TMK_NDIRS];
    const char **impls;             /* names; NULL-terminated; empty: all */
    int *thread_counts;
    size_t nthreads;
    size_t too_large;               /* problems left out by --max-gflop */
};

/* The option table that fills `selection` (a static object of the command). */
#define TMK_SELECT_OPTIONS(selection) \
    { NULL, '\0', POPT_ARG_INCLUDE_TABLE, tmk_select_options(selection), 0, "Selection:", NULL }
struct poptOption *tmk_select_options(struct tmk_selection *selection);

/* Resolve the options and the remaining arguments (descriptors). `default_set` is used if nothing
 * names a problem (NULL: an empty list is TMK_EINVAL). Unknown names are TMK_EINVAL and the message
 * lists the known ones. */
enum tmk_status tmk_select_resolve(struct tmk_selection *selection, const char **descriptors,
                                   const char *default_set);
void tmk_select_free(struct tmk_selection *selection);

/* Is this implementation chosen? */
bool tmk_select_has_impl(const struct tmk_selection *selection, const char *name);

/* "1,2,4", "1-8*2" (1 2 4 8), "1-8" (every), "1-8+2" (1 3 5 7), "all" (1, 2, 4, ... and the number
 * of allowed cores). TMK_EINVAL. Caller frees. */
enum tmk_status tmk_parse_threads(const char *text, int available, int **counts, size_t *n);

#endif
