/* A progress bar with the time left, on stderr: redrawn in place on a terminal, a plain line every
 * 10 % or 10 seconds elsewhere; silent for work shorter than two seconds. */
#ifndef TMK_CLI_PROGRESS_H
#define TMK_CLI_PROGRESS_H

#include <stddef.h>

struct tmk_progress {
    double total, done; /* in any unit of expected work */
    double start, drawn;
    int last_tenth;
    char what[32];
};
void tmk_progress_begin(struct tmk_progress *progress, const char *what, double total);
/* `label`: what is being worked on now. */
void tmk_progress_update(struct tmk_progress *progress, double done, const char *label);
void tmk_progress_end(struct tmk_progress *progress);

#endif
