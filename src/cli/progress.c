#include "progress.h"
#include "clock.h"
#include "size.h"
#include "text.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_WIDTH 20
#define TERMINAL_DELAY 0.5  /* seconds before the bar appears */
#define TERMINAL_PERIOD 0.1 /* seconds between redraws */
#define PLAIN_DELAY 2.0
#define PLAIN_PERIOD 10.0
#define LINE_MAX_COLUMNS 256

static int wipe_columns; /* of the bar that stands on the terminal now; 0: none */

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0)
        return 80;
    return TMK_MIN(size.ws_col, LINE_MAX_COLUMNS - 1);
}

void tmk_progress_wipe(void)
{
    if (wipe_columns)
        fprintf(stderr, "\r%*s\r", wipe_columns, "");
    wipe_columns = 0;
}

static double fraction(const struct tmk_progress *progress)
{
    return progress->total > 0 ? TMK_MIN(progress->done / progress->total, 1.0) : 1.0;
}

/* "3.2 s left", or nothing while it cannot be known. */
static void format_left(const struct tmk_progress *progress, char *buf, size_t size)
{
    double part = fraction(progress), elapsed = tmk_now() - progress->start;
    char left[32];
    buf[0] = '\0';
    if (part > 0.0)
        snprintf(buf, size, "%s left",
                 tmk_format_seconds(left, sizeof left, elapsed * (1.0 - part) / part));
}

static void draw_bar(const struct tmk_progress *progress, const char *label)
{
    char line[LINE_MAX_COLUMNS], left[48], bar[BAR_WIDTH + 1];
    int columns = terminal_columns() - 1; /* writing the last column may wrap */
    int filled = (int)(fraction(progress) * BAR_WIDTH);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    format_left(progress, left, sizeof left);
    snprintf(line, sizeof line, "%s [%s] %3.0f %%  %s  %s", progress->what, bar,
             100.0 * fraction(progress), left, label);
    wipe_columns = TMK_MAX(wipe_columns, TMK_MIN((int)strlen(line), columns));
    fprintf(stderr, "\r%-*.*s", TMK_MIN(wipe_columns, columns), columns, line);
}

static void print_plain(const struct tmk_progress *progress, const char *label)
{
    char left[48];
    format_left(progress, left, sizeof left);
    fprintf(stderr, "%s: %.0f %%, %s: %s\n", progress->what, 100.0 * fraction(progress), left,
            label);
}

void tmk_progress_begin(struct tmk_progress *progress, const char *what, double total)
{
    *progress = (struct tmk_progress){.total = total, .start = tmk_now(), .drawn = -PLAIN_PERIOD};
    snprintf(progress->what, sizeof progress->what, "%s", what);
}

void tmk_progress_update(struct tmk_progress *progress, double done, const char *label)
{
    double now = tmk_now(), elapsed = now - progress->start;
    bool terminal = isatty(STDERR_FILENO);
    progress->done = done;
    if (elapsed < (terminal ? TERMINAL_DELAY : PLAIN_DELAY))
        return;
    if (terminal) {
        if (now - progress->drawn < TERMINAL_PERIOD)
            return;
        draw_bar(progress, label);
    } else {
        int tenth = (int)(fraction(progress) * 10.0);
        if (tenth == progress->last_tenth && now - progress->drawn < PLAIN_PERIOD)
            return;
        progress->last_tenth = tenth;
        print_plain(progress, label);
    }
    progress->drawn = now;
}

void tmk_progress_end(struct tmk_progress *progress)
{
    progress->done = progress->total;
    tmk_progress_wipe();
}
