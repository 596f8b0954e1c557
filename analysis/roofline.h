/* The roofline model (Williams, Waterman & Patterson 2009): a kernel of arithmetic intensity I runs
 * at most at min(peak, bandwidth * I). Parts of `tilemark roofline`. */
#ifndef TMK_ANALYSIS_ROOFLINE_H
#define TMK_ANALYSIS_ROOFLINE_H

#include "look.h"
#include "run.h"

#define TMK_ROOF_COMPUTE TMK_NLEVELS /* the ceiling that is no level of memory */

/* Where a rate stands under the ceilings. */
struct tmk_roof {
    double intensity; /* FLOP per byte */
    double gflops;    /* the roof there: min(peak, bandwidth of the level * intensity) */
    int ceiling;      /* the level whose bandwidth that is, or TMK_ROOF_COMPUTE */
    double percent;   /* what of it the rate reaches */
};

/* The roof above a call whose data lie in `level`. A rate above the roof shows that the data are
 * nearer than their size tells: then the next faster level counts, and so on. A level that was not
 * measured is no ceiling. */
struct tmk_roof tmk_roof_above(const struct tmk_ceilings *ceilings, bool f64, enum tmk_level level,
                               double intensity, double gflops);

/* "compute", "L1", ..., "memory". */
const char *tmk_roof_name(int ceiling);

/* A measured cell under its roofs. */
struct tmk_roofline_point {
    const struct tmk_cell_summary *cell;
    const struct tmk_ceilings *ceilings; /* at its thread count */
    struct tmk_roof least;               /* every operand moves once: FLOP over compulsory bytes */
    struct tmk_roof own; /* with what the implementation moves besides, im2col its columns */
    double extra_bytes;  /* which are these; 0: own is least */
};

struct tmk_roofline {
    struct tmk_roofline_point *points;
    size_t count;
    size_t without; /* cells left out: no ceilings at their thread count */
    const struct tmk_run *run;
};

/* Points of all timed cells of `run`, made on the machine `topology`; `run` must outlive them.
 * TMK_EINVAL: there is none. TMK_ENOMEM. */
enum tmk_status tmk_roofline_make(const struct tmk_run *run, const struct tmk_topology *topology,
                                  struct tmk_roofline *out);
void tmk_roofline_free(struct tmk_roofline *roofline);

#define TMK_ROOFLINE_IMPLS 64
#define TMK_ROOFLINE_THREADS 64

/* What implementations make of their own roofs on so many threads, in percent. */
struct tmk_roofline_part {
    int threads;
    size_t count;                       /* points */
    size_t under[TMK_ROOF_COMPUTE + 1]; /* points under each ceiling, with their own traffic */
    bool f64, f32;                      /* some point is */
    size_t nimpls;                      /* in order of appearance: slowest rung first */
    const char *impls[TMK_ROOFLINE_IMPLS];
    double median[TMK_ROOFLINE_IMPLS], min[TMK_ROOFLINE_IMPLS], max[TMK_ROOFLINE_IMPLS];
    const struct tmk_ceilings *ceilings;
};
enum tmk_status tmk_roofline_part(const struct tmk_roofline *roofline, int threads,
                                  struct tmk_roofline_part *out);

/* Thread counts that points have, ascending; how many. */
size_t tmk_roofline_threads(const struct tmk_roofline *roofline, int threads[TMK_ROOFLINE_THREADS]);

/* Name of the layer, or its descriptor. */
const char *tmk_roofline_layer(const struct tmk_roofline_point *point);

/* The table of points, as text or as CSV; the table of ceilings. */
enum tmk_status tmk_roofline_print(const struct tmk_roofline *roofline, FILE *file, bool csv);
enum tmk_status tmk_roofline_print_ceilings(const struct tmk_roofline *roofline, FILE *file,
                                            bool csv);

/* What a part shows, in words: a paragraph, and a picture's heading. */
void tmk_roofline_say(const struct tmk_roofline_part *part, char *buf, size_t size);
void tmk_roofline_say_heading(const struct tmk_roofline_part *part, char *buf, size_t size);

/* How much more the columns of im2col move than the operands alone; false without such points. */
bool tmk_roofline_say_columns(const struct tmk_roofline *roofline, char *buf, size_t size);

/* A plot in characters, at the largest thread count. */
enum tmk_status tmk_roofline_plot_text(const struct tmk_roofline *roofline);

/* Tables, a picture for each thread count and the chapter in folder `out`. TMK_EIO. */
enum tmk_status tmk_roofline_draw(const struct tmk_roofline *roofline, const char *out, int argc,
                                  const char **argv);

#endif
