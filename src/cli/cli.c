#include "cli.h"
#include "progress.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORD 64 /* longer words are not compared with known ones */

const char tmk_cli_version[] = TMK_VERSION;

volatile sig_atomic_t tmk_cli_interrupted;

/* Levenshtein's distance: insertions, deletions, substitutions; MAX_WORD for long words. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1], na = strlen(a), nb = strlen(b);
    if (na > MAX_WORD || nb > MAX_WORD)
        return MAX_WORD;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = TMK_MIN(substituted, TMK_MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[nb];
}

/* The known word that a mistyped one may have meant. */
struct guess {
    const char *typed, *nearest;
    size_t distance;
};

static struct guess guess_begin(const char *typed)
{
    return (struct guess){.typed = typed, .distance = TMK_MAX((size_t)2, strlen(typed) / 3) + 1};
}

static void guess_add(struct guess *guess, const char *known)
{
    size_t distance = edit_distance(guess->typed, known);
    if (distance < guess->distance) {
        guess->distance = distance;
        guess->nearest = known;
    }
}

static void guess_options(struct guess *guess, const struct poptOption *table)
{
    for (; table->longName || table->shortName || table->arg; table++) {
        if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
            guess_options(guess, table->arg);
        else if (table->longName)
            guess_add(guess, table->longName);
    }
}

/* popt names the word it stopped at, which is the value in "--seed x": the option stands before. */
static enum tmk_status bad_value(int error, const char *word, int argc, const char **argv)
{
    const char *reason = poptStrerror(error), *command = argv[0];
    int at = argc - 1;
    while (at > 1 && strcmp(argv[at], word))
        at--;
    if (error == POPT_ERROR_NOARG || strchr(word, '=') || at <= 1)
        return tmk_fail(TMK_EINVAL, "%s: %s: see %s --help", word, reason, command);
    return tmk_fail(TMK_EINVAL, "%s %s: %s: see %s --help", argv[at - 1], word, reason, command);
}

static enum tmk_status unknown_option(const char *command, const char *option,
                                      const struct poptOption *table)
{
    struct guess guess = guess_begin(option + strspn(option, "-"));
    guess_options(&guess, table);
    if (!guess.nearest)
        return tmk_fail(TMK_EINVAL, "unknown option '%s': see %s --help", option, command);
    return tmk_fail(TMK_EINVAL, "unknown option '%s': did you mean '--%s'? see %s --help", option,
                    guess.nearest, command);
}

/* poptPrintHelp() prints what follows the program's name, then the options: `about` rides along. */
static void print_help(poptContext context, const struct tmk_usage *usage)
{
    size_t size = strlen(usage->synopsis) + strlen(usage->about) + 4;
    char *head = malloc(size);
    if (head) {
        snprintf(head, size, "%s\n\n%s", usage->synopsis, usage->about);
        poptSetOtherOptionHelp(context, head);
        free(head);
    }
    poptPrintHelp(context, stdout, 0);
    printf("\nExamples:\n");
    for (const char *line = usage->examples; *line;) {
        size_t length = strcspn(line, "\n");
        printf("  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

enum tmk_status tmk_cli_parse(int argc, const char **argv, const struct poptOption *options,
                              const struct tmk_usage *usage, poptContext *context_out,
                              const char ***rest, bool *done)
{
    static const char *nothing[] = {NULL};
    static struct poptOption help[] = {
        {"help", 'h', POPT_ARG_NONE, NULL, 'h', "show this help", NULL}, POPT_TABLEEND};
    static struct poptOption table[] = {
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, NULL, 0, "Options:", NULL},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, help, 0, "Help:", NULL},
        POPT_TABLEEND,
    };
    table[0].arg = (void *)options; /* popt's tables are not const */
    *done = false;
    *rest = nothing;
    *context_out = poptGetContext(argv[0], argc, argv, table, 0);
    int option = poptGetNextOpt(*context_out);
    if (option < -1) {
        const char *word = poptBadOption(*context_out, POPT_BADOPTION_NOALIAS);
        return option == POPT_ERROR_BADOPT ? unknown_option(argv[0], word, table)
                                           : bad_value(option, word, argc, argv);
    }
    if (option == 'h') {
        print_help(*context_out, usage);
        *done = true;
        return TMK_OK;
    }
    const char **arguments = poptGetArgs(*context_out);
    if (arguments)
        *rest = arguments;
    return TMK_OK;
}

enum tmk_status tmk_cli_parse_options(int argc, const char **argv, const struct poptOption *options,
                                      const struct tmk_usage *usage, bool *done)
{
    poptContext context;
    const char **rest;
    enum tmk_status status = tmk_cli_parse(argc, argv, options, usage, &context, &rest, done);
    if (status == TMK_OK && *rest)
        status =
            tmk_fail(TMK_EINVAL, "argument '%s' is not understood: see %s --help", *rest, argv[0]);
    poptFreeContext(context);
    return status;
}

int tmk_cli_finish(const char *command, enum tmk_status status)
{
    if (status != TMK_OK) {
        tmk_progress_wipe();
        bool colour = tmk_cli_colour(stderr);
        fprintf(stderr, "%s%s:%s %s\n", colour ? "\033[31m" : "", command, colour ? "\033[0m" : "",
                tmk_message());
    }
    return tmk_exit_code(status);
}

static void print_line(const char *prefix, const char *format, va_list arguments)
{
    tmk_progress_wipe();
    fputs(prefix, stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void tmk_cli_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(tmk_cli_colour(stderr) ? "\033[33mwarning:\033[0m " : "warning: ", format,
               arguments);
    va_end(arguments);
}

void tmk_cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
}

bool tmk_cli_colour(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(stream)) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

static void interrupt(int signal)
{
    (void)signal;
    if (tmk_cli_interrupted)
        _exit(tmk_exit_code(TMK_EINTR));
    tmk_cli_interrupted = 1;
}

void tmk_cli_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* A standard stream that was closed by the caller gets a descriptor on which the wrong-way
 * operation fails, lest the next file that is opened takes its number and receives our output. */
static void keep_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == -1)
            _exit(tmk_exit_code(TMK_EIO));
}

static enum tmk_status flush_output(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TMK_OK;
    return tmk_fail(TMK_EIO, "standard output: cannot write: %s", strerror(errno ? errno : EIO));
}

static void print_commands(const struct tmk_command *commands)
{
    printf("Usage: tilemark COMMAND [OPTION...]\n\n"
           "How far is a convolution, or a matrix product, from what this machine can do,\n"
           "and what stands in between?\n\nCommands:\n");
    for (const struct tmk_command *command = commands; command->name; command++)
        printf("  %-12s %s\n", command->name, command->summary);
    printf(
        "\n`tilemark COMMAND --help` explains a command; `tilemark --version` tells the version.\n"
        "\nExamples:\n"
        "  tilemark machine\n"
        "  tilemark verify 'conv2d:mb1ic64ih56oc64oh56kh3ph1'\n"
        "  tilemark bench 'matmul:512x512:512x512' --threads all\n");
}

static enum tmk_status unknown_command(const char *name, const struct tmk_command *commands)
{
    const char *kind = name[0] == '-' ? "option" : "command";
    struct guess guess = guess_begin(name);
    for (; commands->name; commands++)
        guess_add(&guess, commands->name);
    if (!guess.nearest)
        return tmk_fail(TMK_EINVAL, "unknown %s '%s': see tilemark --help", kind, name);
    return tmk_fail(TMK_EINVAL, "unknown %s '%s': did you mean '%s'? see tilemark --help", kind,
                    name, guess.nearest);
}

static int run_command(int argc, const char **argv, const struct tmk_command *commands)
{
    for (const struct tmk_command *command = commands; command->name; command++) {
        if (strcmp(argv[0], command->name))
            continue;
        char title[MAX_WORD];
        snprintf(title, sizeof title, "tilemark %s", command->name);
        argv[0] = title;
        return command->run(argc, argv);
    }
    return tmk_cli_finish("tilemark", unknown_command(argv[0], commands));
}

static bool is_any(const char *word, const char *a, const char *b)
{
    return !strcmp(word, a) || !strcmp(word, b);
}

static int dispatch(int argc, const char **argv, const struct tmk_command *commands)
{
    if (argc < 2 || is_any(argv[1], "--help", "-h") || (argc == 2 && !strcmp(argv[1], "help"))) {
        print_commands(commands);
        return 0;
    }
    if (is_any(argv[1], "--version", "-V")) {
        printf("tilemark %s\n", tmk_cli_version);
        return 0;
    }
    if (!strcmp(argv[1], "help")) {
        const char *help[] = {argv[2], "--help", NULL};
        return run_command(2, help, commands);
    }
    return run_command(argc - 1, argv + 1, commands);
}

int tmk_cli_main(int argc, const char **argv, const struct tmk_command *commands)
{
    keep_standard_streams();
    int code = dispatch(argc, argv, commands);
    int output = tmk_cli_finish("tilemark", flush_output());
    return code ? code : output;
}
