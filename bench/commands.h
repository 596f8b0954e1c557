/* The commands that time. Each takes argv[0] = "tilemark NAME" and gives the exit code. */
#ifndef TMK_BENCH_COMMANDS_H
#define TMK_BENCH_COMMANDS_H

int tmk_command_machine(int argc, const char **argv);
int tmk_command_list(int argc, const char **argv);
int tmk_command_verify(int argc, const char **argv);
int tmk_command_bench(int argc, const char **argv);
int tmk_command_report(int argc, const char **argv);
int tmk_command_scoreboard(int argc, const char **argv);

#endif
