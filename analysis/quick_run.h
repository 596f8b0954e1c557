/* A short run made on the spot, for an analysis that was given none. */
#ifndef TMK_ANALYSIS_QUICK_RUN_H
#define TMK_ANALYSIS_QUICK_RUN_H

#include "run.h"
#include "select.h"

/* Let `tilemark bench` verify and time the selection in a folder that is removed again, with
 * `budget_s` seconds for each problem and direction; its progress and warnings go to stderr. A
 * folder that an interrupt left half done is kept, and the message says where. out->path is NULL.
 * The status is the one that bench ended with. */
enum tmk_status tmk_quick_run(const struct tmk_selection *selection, const char **descriptors,
                              const char *default_set, double budget_s, struct tmk_run *out);

#endif
