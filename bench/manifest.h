/* manifest.json: where a run was made, with what, and the machine's ceilings then. */
#ifndef TMK_BENCH_MANIFEST_H
#define TMK_BENCH_MANIFEST_H

#include "machine.h"
#include "run.h"

/* The machine with its ceilings, the program and its libraries, the command line and the time.
 * TMK_ENOMEM. */
enum tmk_status tmk_manifest_describe(int argc, const char **argv,
                                      const struct tmk_machine_report *machine, json_t **out);

/* Write RUN/manifest.json by way of a temporary file. TMK_EIO. */
enum tmk_status tmk_manifest_write(const char *run, const json_t *manifest);

/* TMK_EUNSUPPORTED if the run was made on another machine than the one `here` describes. */
enum tmk_status tmk_manifest_same_machine(const json_t *run, const json_t *here);

/* Now as "2026-01-31T12:00:00Z". Returns buf. */
char *tmk_utc_now(char *buf, size_t size);

#endif
