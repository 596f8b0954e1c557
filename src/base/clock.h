/* Time. */
#ifndef TMK_BASE_CLOCK_H
#define TMK_BASE_CLOCK_H

/* Seconds on a monotonic clock with an arbitrary zero; costs some 25 ns on Linux (vDSO). */
double tmk_now(void);

#endif
