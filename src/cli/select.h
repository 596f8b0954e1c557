/* Choosing problems, directions, implementations, threads: the same options for list, verify and
 * bench. */
#ifndef TMK_CLI_SELECT_H
#define TMK_CLI_SELECT_H

#include "cli.h"
#include "sets.h"

/* What the options were, as given, then what they came to. Start from all zeros. */
struct tmk_selection {
    char *op, *dir, *impl, *threads, *dtype, *layout, *bind, *mb; /* NULL: not given */
    char **set, **batch, **peer; /* every --set, --batch, --peer, NULL-terminated; NULL: none */
    double max_gflop;            /* 0: no limit */
    int seed;

    /* By tmk_select_filters(); defaults: all ops, dirs, impls that are there, f32, nchw, threads
     * "all", "compact".
     * `bind` and `threads` are never NULL then. */
    const char **ops; /* names, NULL-terminated, as are impls */
    bool dirs[TMK_NDIRS], dtypes[TMK_NDTYPES], layouts[TMK_NLAYOUTS];
    const char **impls;
    int *thread_counts;
    size_t nthreads;

    /* By tmk_select_resolve(). An item's `dir` is final: the directions that --dir names, or,
     * without --dir, those that its source asks for. */
    struct tmk_list list;
    size_t too_large; /* problems left out by --max-gflop */
};

/* The option table that fills `selection` (a static object of the command). */
#define TMK_SELECT_OPTIONS(selection)                                                              \
    {                                                                                              \
        NULL, '\0', POPT_ARG_INCLUDE_TABLE, tmk_select_options(selection), 0, "Selection:", NULL   \
    }
struct poptOption *tmk_select_options(struct tmk_selection *selection);

/* The option that names a library, of which there may be several, and loading those that it named.
 * TMK_EINVAL: malformed, or a name that stands for something else. TMK_EIO: it cannot be used. */
#define TMK_SELECT_PEER(specs)                                                                     \
    {                                                                                              \
        "peer", '\0', POPT_ARG_ARGV, (specs), 0,                                                   \
            "a CBLAS library to compare with: implementation NAME of matmul, im2col_NAME of "      \
            "conv2d; "                                                                             \
            "openblas, blis and mkl are found where they are installed",                           \
            "NAME=LIB.so"                                                                          \
    }
enum tmk_status tmk_select_peers(char **specs);

/* Resolve the options that choose directions, implementations, data types, layouts, threads and
 * binding, and load the libraries that --peer names. Unknown names are TMK_EINVAL and the message
 * lists the known ones. TMK_EIO: a library cannot be used. */
enum tmk_status tmk_select_filters(struct tmk_selection *selection);

/* Resolve all options and the remaining arguments (descriptors). `default_set` is used if nothing
 * names a problem (NULL: that is TMK_EINVAL). Every problem is listed once for each chosen dtype
 * and, if it is a convolution, layout; without --dtype and --layout it keeps those that a batch
 * file states. Problems above --max-gflop (forward) are left out with a warning. A list that ends
 * up empty is TMK_EINVAL, unless list.skips tells why. */
enum tmk_status tmk_select_resolve(struct tmk_selection *selection, const char **descriptors,
                                   const char *default_set);
void tmk_select_free(struct tmk_selection *selection);

/* Is this implementation chosen? */
bool tmk_select_has_impl(const struct tmk_selection *selection, const char *name);

/* "1,2,4", "1-8*2" (1 2 4 8), "1-8" (every), "1-8+2" (1 3 5 7), "max" (`available`), "all" (1, 2,
 * 4,
 * ... and `available`), and comma lists of these; in the order given, repeats dropped. TMK_EINVAL.
 * Caller frees. */
enum tmk_status tmk_parse_threads(const char *text, int available, int **counts, size_t *n);

/* Allowed CPUs of this machine, hardware threads counted: what "all" and "max" mean. 1 if unknown.
 */
int tmk_select_cpus(void);

#endif
