/* How implementations look: the same in every picture and for every op. */
#ifndef TMK_RUN_LOOK_H
#define TMK_RUN_LOOK_H

#include "plot.h"

/* "#rrggbb" of an implementation (palette of Okabe & Ito 2008; of rivals, that of P. Tol, "Colour
 * schemes", SRON/EPS/TN/09-002) and its point type in gnuplot (open forms for rivals): the two
 * together survive a grey printer. */
const char *tmk_impl_colour(const char *impl);
int tmk_impl_form(const char *impl);

/* The variables impls, colours and forms, which plots/impls.gp reads: a word for each. */
void tmk_plot_set_impls(struct tmk_plot *plot, const char *const *impls, size_t count);

#endif
