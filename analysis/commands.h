/* The commands that explain. Each takes argv[0] = "tilemark NAME" and gives the exit code. Their
 * chapters stand in the report by `place`: 10 roofline, 20 count, 30 inception, 40 receptive,
 * 50 vanishing, 60 momentum. */
#ifndef TMK_ANALYSIS_COMMANDS_H
#define TMK_ANALYSIS_COMMANDS_H

int tmk_command_blocking(int argc, const char **argv);
int tmk_command_count(int argc, const char **argv);
int tmk_command_inception(int argc, const char **argv);
int tmk_command_receptive(int argc, const char **argv);
int tmk_command_roofline(int argc, const char **argv);
int tmk_command_vanishing(int argc, const char **argv);
int tmk_command_momentum(int argc, const char **argv);
int tmk_command_gradcheck(int argc, const char **argv);
int tmk_command_resblock(int argc, const char **argv);
int tmk_command_mlp(int argc, const char **argv);
int tmk_command_train(int argc, const char **argv);

#endif
