/* Teams of threads: running one, and what it takes to wake one. */
#ifndef TMK_MACHINE_TEAM_H
#define TMK_MACHINE_TEAM_H

/* Seconds from one thread to an OpenMP team of `threads` >= 1 and back to one: the median of a
 * few that do nothing, measured when it is first asked for and then kept. Half a microsecond
 * for two neighbours, several for many cores or distant ones. Ask where such a team works: another
 * size would end its threads. */
double tmk_team_seconds(int threads);

/* Call body(context, thread) on each thread of an OpenMP team of `threads` >= 1 at the same time;
 * worksharing and barriers within are the team's. One thread is no team and calls it as it is:
 * OpenMP would make a team of one, whose every barrier calls the kernel, half a microsecond in all.
 */
void tmk_team_run(int threads, void (*body)(void *context, int thread), void *context);

#endif
