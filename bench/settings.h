/* What `tilemark bench` was asked for, on the command line or by the manifest of a run. */
#ifndef TMK_BENCH_SETTINGS_H
#define TMK_BENCH_SETTINGS_H

#include "select.h"

#include <jansson.h>

struct tmk_settings {
    struct tmk_selection selection;
    const char **descriptors; /* NULL-terminated */
    bool owns_descriptors;    /* they come from a manifest, not from the command line */
    char *out, *label, *resume, *cache, *run_file;
    double budget_s;     /* for one problem and direction */
    double ci_percent;   /* target half-width of the median's confidence interval */
    double verify_gflop; /* larger calls are verified by sums of their results */
    int rounds;          /* at least so many samples of each cell; 0: 1 */
    int dry_run, no_report, quiet;
};

#define TMK_DEFAULT_SET "quick"
#define TMK_MOST_ROUNDS 1000 /* as many as the sampler takes */

/* TMK_EINVAL if a number or word makes no sense. */
enum tmk_status tmk_settings_check(const struct tmk_settings *settings);

/* Cold caches? */
bool tmk_settings_cold(const struct tmk_settings *settings);

/* What decides which cells there are and how they are sampled. A batch file is recorded by its
 * absolute path. NULL: no memory. */
json_t *tmk_settings_to_json(const struct tmk_settings *settings);

/* Take over what a run's manifest holds. TMK_EINVAL: malformed, or an option on this command line
 * that the run has decided already. `defaults` is the settings before options were parsed. */
enum tmk_status tmk_settings_resume(struct tmk_settings *settings, const json_t *json,
                                    const struct tmk_settings *defaults);

/* Frees what options and resuming allocated. */
void tmk_settings_free(struct tmk_settings *settings);

#endif
