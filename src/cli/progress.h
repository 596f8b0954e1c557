/* A progress bar with the time left, on stderr: redrawn in place on a terminal, from half a second
 * on; a plain line every 10 % or 10 seconds elsewhere, from two seconds on. */
#ifndef TMK_CLI_PROGRESS_H
#define TMK_CLI_PROGRESS_H

struct tmk_progress {
    double total, done;  /* in any unit of expected work */
    double start, drawn; /* seconds, as tmk_now() */
    int last_tenth;
    char what[32];
};

void tmk_progress_begin(struct tmk_progress *progress, const char *what, double total);
/* `done`: work finished so far; `label`: what is being worked on now. */
void tmk_progress_update(struct tmk_progress *progress, double done, const char *label);
void tmk_progress_end(struct tmk_progress *progress);

/* Wipe the bar off the terminal, if there is one, so that another line can be printed. */
void tmk_progress_wipe(void);

#endif
