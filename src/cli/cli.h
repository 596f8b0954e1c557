/* What every command shares: option tables on libpopt, help, messages, colour, exit codes. */
#ifndef TMK_CLI_CLI_H
#define TMK_CLI_CLI_H

#include "status.h"

#include <popt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

extern const char tmk_cli_version[]; /* "0.1.0" */

/* A command of the program: `tilemark NAME ...`. main.c holds the table. */
struct tmk_command {
    const char *name, *summary;
    int (*run)(int argc, const char **argv); /* argv[0] is "tilemark NAME"; gives the exit code */
};

/* Run the command that argv[1] names; without one, or with --help, show the table; `help NAME` is
 * `NAME --help`; --version too. An unknown command is exit code 2 and names the nearest one. At the
 * end stdout is flushed: output that could not be written is exit code 3. */
int tmk_cli_main(int argc, const char **argv, const struct tmk_command *commands);

/* What a command's --help says around the table of options. */
struct tmk_usage {
    const char *synopsis; /* "[OPTION...] [OP:DESCRIPTOR...]" */
    const char *about;    /* a few lines: what it does, formulas, sources */
    const char *examples; /* commands that work as they stand, one a line */
};

/* Parse the command line: `options` is a popt table (end with POPT_TABLEEND; may include others);
 * --help prints usage, options and examples to stdout. Returns TMK_OK and the remaining arguments
 * (NULL-terminated, never NULL, owned by *context_out), or TMK_EINVAL, or sets *done when help was
 * asked for and printed. In every case the caller frees *context_out with poptFreeContext. */
enum tmk_status tmk_cli_parse(int argc, const char **argv, const struct poptOption *options,
                              const struct tmk_usage *usage, poptContext *context_out,
                              const char ***rest, bool *done);

/* The same for a command that takes options only: TMK_EINVAL if there are other arguments. */
enum tmk_status tmk_cli_parse_options(int argc, const char **argv, const struct poptOption *options,
                                      const struct tmk_usage *usage, bool *done);

/* Report a failed status ("tilemark bench: message"; `command` is argv[0]) on stderr and give the
 * exit code. */
int tmk_cli_finish(const char *command, enum tmk_status status);

/* Lines on stderr: warnings (yellow on a colour terminal), notes. One line each; a progress line on
 * the terminal is wiped first. */
void tmk_cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tmk_cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Colour only if `stream` is a terminal, NO_COLOR is unset or empty, and TERM is not "dumb". */
bool tmk_cli_colour(FILE *stream);

/* Install SIGINT and SIGTERM handlers that set a flag (the second signal ends the process at once
 * with exit code 130); the flag. */
void tmk_cli_catch_interrupt(void);
extern volatile sig_atomic_t tmk_cli_interrupted;

#endif
