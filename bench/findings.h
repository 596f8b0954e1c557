/* What a scene tells, in a number or a sentence: headings of pictures, and the report's overview.
 */
#ifndef TMK_BENCH_FINDINGS_H
#define TMK_BENCH_FINDINGS_H

#include "scene.h"

/* A number that a cell has; NaN: not known. */
typedef double (*tmk_cell_value)(const struct tmk_scene *scene,
                                 const struct tmk_cell_summary *summary);
double tmk_value_speedup(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);
double tmk_value_pct_peak(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);
double tmk_value_scaling(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);
/* Percent of min(FMA peak, memory bandwidth * intensity). */
double tmk_value_pct_roof(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);
double tmk_value_pack_share(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);
double tmk_value_workspace(const struct tmk_scene *scene, const struct tmk_cell_summary *summary);

/* Over the layers of one implementation and thread count, in one direction or (dir < 0) in all. */
struct tmk_spread {
    size_t count;
    double median, geometric_mean, min, max; /* NaN if count is 0 */
};
struct tmk_spread tmk_scene_spread(const struct tmk_scene *scene, size_t impl, int dir,
                                   size_t threads, tmk_cell_value value);

/* Who is fastest most often at the largest thread count, and in how many of how many layers and
 * directions. */
struct tmk_winner {
    size_t impl, wins, races;
};
struct tmk_winner tmk_scene_winner(const struct tmk_scene *scene);

void tmk_say_time(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_gflops(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_speedup(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_scaling(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_roofline(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_phases(const struct tmk_scene *scene, char *buf, size_t size);
void tmk_say_memory(const struct tmk_scene *scene, char *buf, size_t size);

#endif
