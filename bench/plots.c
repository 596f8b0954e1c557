#include "pictures.h"

#include "look.h"
#include "size.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void put_directions(FILE *file, const struct tmk_scene *scene)
{
    const char *gap = "";
    fputs("dirs = '", file);
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (scene->dirs[dir]) {
            fprintf(file, "%s%s", gap, tmk_dir_name[dir]);
            gap = " ";
        }
    }
    fputs("'\n", file);
}

static void put_layers(struct tmk_plot *plot, const struct tmk_scene *scene)
{
    size_t longest = 0;
    fprintf(plot->script, "array layers[%zu]\n", scene->nlayers);
    for (size_t i = 0; i < scene->nlayers; i++) {
        char name[32];
        snprintf(name, sizeof name, "layers[%zu]", i + 1);
        tmk_plot_set_text(plot, name, scene->labels[i]);
        longest = TMK_MAX(longest, strlen(scene->labels[i]));
    }
    tmk_plot_set_number(plot, "longest", (double)longest);
}

static void put_ceilings(FILE *file, const struct tmk_scene *scene)
{
    const struct tmk_ceilings *ceilings = &scene->ceilings;
    fprintf(file, "peak_f32 = %.6g\npeak_f64 = %.6g\n", tmk_ceilings_peak(ceilings, false),
            tmk_ceilings_peak(ceilings, true));
    fprintf(file, "used_f32 = %d\nused_f64 = %d\n", scene->dtypes[TMK_F32], scene->dtypes[TMK_F64]);
    fprintf(file, "array bandwidth[%d]\n", TMK_NLEVELS);
    for (int level = 0; level < TMK_NLEVELS; level++)
        fprintf(file, "bandwidth[%d] = %.6g # %s, GB/s\n", level + 1, ceilings->bandwidth[level],
                tmk_level_name[level]);
}

/* The variables of one picture. */
static void put_variables(struct tmk_plot *plot, const struct tmk_scene *scene)
{
    int threads = scene->threads[tmk_scene_most_threads(scene)];
    char text[32];
    tmk_plot_set_text(plot, "op", scene->op);
    tmk_plot_set_number(plot, "threads", threads);
    snprintf(text, sizeof text, "%d thread%s", threads, threads == 1 ? "" : "s");
    tmk_plot_set_text(plot, "threads_text", text);
    tmk_plot_set_text(plot, "note", scene->unverified ? " *: not verified." : "");
    tmk_plot_set_impls(plot, scene->impls, scene->nimpls);
    put_directions(plot->script, scene);
    put_layers(plot, scene);
    put_ceilings(plot->script, scene);
}

static enum tmk_status write_one(const char *folder, const struct tmk_scene *scene,
                                 const struct tmk_picture *picture)
{
    struct tmk_plot plot;
    TMK_TRY(tmk_plot_begin(&plot, folder, picture->file, picture->heading));
    fprintf(plot.table, "%s\n", picture->kind->columns);
    picture->kind->rows(scene, plot.table);
    put_variables(&plot, scene);
    enum tmk_status included = tmk_plot_include(&plot, "impls");
    if (included == TMK_OK)
        included = tmk_plot_include(&plot, "panels");
    enum tmk_status finished = tmk_plot_finish(&plot, picture->kind->name);
    return included != TMK_OK ? included : finished;
}

static enum tmk_status write_all(const char *folder, const struct tmk_scene *scenes, size_t nscenes,
                                 struct tmk_pictures *out)
{
    for (size_t i = 0; i < nscenes; i++) {
        for (size_t k = 0; k < tmk_picture_kinds_count; k++) {
            const struct tmk_picture_kind *kind = &tmk_picture_kinds[k];
            struct tmk_picture *picture = &out->list[out->count++];
            *picture = (struct tmk_picture){
                .kind = kind, .op = scenes[i].op, .lacks = kind->lacks(&scenes[i])};
            snprintf(picture->file, sizeof picture->file, "%s-%s", scenes[i].op, kind->name);
            if (picture->lacks)
                continue;
            kind->heading(&scenes[i], picture->heading, sizeof picture->heading);
            TMK_TRY(write_one(folder, &scenes[i], picture));
        }
    }
    return TMK_OK;
}

enum tmk_status tmk_pictures_make(const char *run, const struct tmk_scene *scenes, size_t nscenes,
                                  struct tmk_pictures *out)
{
    char folder[PATH_MAX];
    *out = (struct tmk_pictures){
        .list = calloc(nscenes * tmk_picture_kinds_count + 1, sizeof *out->list)};
    if (!out->list)
        return tmk_fail(TMK_ENOMEM, "no memory for the list of pictures");
    snprintf(folder, sizeof folder, "%s/plots", run);
    TMK_TRY(write_all(folder, scenes, nscenes, out));
    for (size_t i = 0; i < out->count; i++) {
        if (!out->list[i].lacks)
            TMK_TRY(tmk_plot_draw(folder, out->list[i].file));
    }
    out->drawn = true;
    return TMK_OK;
}

void tmk_pictures_free(struct tmk_pictures *pictures)
{
    free(pictures->list);
    *pictures = (struct tmk_pictures){0};
}
