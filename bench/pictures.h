/* The pictures of a run: for each a table of numbers, a gnuplot script, and the drawing. */
#ifndef TMK_BENCH_PICTURES_H
#define TMK_BENCH_PICTURES_H

#include "scene.h"

#include <stdio.h>

/* A kind of picture. Its template is plots/NAME.gp among the data files; the columns that `rows`
 * writes are told at the template's top. */
struct tmk_picture_kind {
    const char *name;
    const char *columns; /* the table's header row */
    const char *caption; /* how to read it */
    /* NULL if the scene has what the picture shows, else the reason why not. */
    const char *(*lacks)(const struct tmk_scene *scene);
    void (*rows)(const struct tmk_scene *scene, FILE *file);
    /* What is seen, as a sentence. */
    void (*heading)(const struct tmk_scene *scene, char *buf, size_t size);
};
extern const struct tmk_picture_kind tmk_picture_kinds[];
extern const size_t tmk_picture_kinds_count;

/* A picture that was made: PLOTS/FILE.gp, .csv and, if gnuplot could draw it, .svg. */
struct tmk_picture {
    const struct tmk_picture_kind *kind;
    const char *op;
    char file[64];
    char heading[192];
    const char *lacks; /* not NULL: no files, for this reason */
};

struct tmk_pictures {
    struct tmk_picture *list;
    size_t count;
    bool drawn;
};

/* Write the scripts and tables of all scenes into the folder RUN/plots and let gnuplot draw them.
 * TMK_EIO with *out filled in but not drawn: gnuplot is missing, or failed. */
enum tmk_status tmk_pictures_make(const char *run, const struct tmk_scene *scenes, size_t nscenes,
                                  struct tmk_pictures *out);
void tmk_pictures_free(struct tmk_pictures *pictures);

#endif
