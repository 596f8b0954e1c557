/* What it takes to wake a team of threads. */
#ifndef TMK_MACHINE_TEAM_H
#define TMK_MACHINE_TEAM_H

/* Seconds from one thread to an OpenMP team of `threads` >= 1 and back to one: the median of a
 * few empty parallel regions, measured when it is first asked for and then kept. Half a microsecond
 * for two neighbours, several for many cores or distant ones. Ask where such a team works: another
 * size would end its threads. */
double tmk_team_seconds(int threads);

#endif
