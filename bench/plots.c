#include "pictures.h"

#include "size.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A gnuplot string in single quotes, in which nothing but a quote is special. */
static void put_string(FILE *file, const char *name, const char *text)
{
    fprintf(file, "%s = '", name);
    for (; *text; text++)
        fprintf(file, *text == '\'' ? "''" : "%c", *text);
    fputs("'\n", file);
}

static void put_words(FILE *file, const struct tmk_scene *scene)
{
    fputs("impls = '", file);
    for (size_t i = 0; i < scene->nimpls; i++)
        fprintf(file, "%s%s", i ? " " : "", scene->impls[i]);
    fputs("'\ncolours = '", file);
    for (size_t i = 0; i < scene->nimpls; i++)
        fprintf(file, "%s%s", i ? " " : "", tmk_impl_colour(scene->impls[i]));
    fputs("'\nforms = '", file);
    for (size_t i = 0; i < scene->nimpls; i++)
        fprintf(file, "%s%d", i ? " " : "", tmk_impl_form(scene->impls[i]));
    fputs("'\ndirs = '", file);
    const char *gap = "";
    for (int dir = 0; dir < TMK_NDIRS; dir++) {
        if (scene->dirs[dir]) {
            fprintf(file, "%s%s", gap, tmk_dir_name[dir]);
            gap = " ";
        }
    }
    fputs("'\n", file);
}

static void put_layers(FILE *file, const struct tmk_scene *scene)
{
    size_t longest = 0;
    fprintf(file, "array layers[%zu]\n", scene->nlayers);
    for (size_t i = 0; i < scene->nlayers; i++) {
        char name[32];
        snprintf(name, sizeof name, "layers[%zu]", i + 1);
        put_string(file, name, scene->labels[i]);
        longest = TMK_MAX(longest, strlen(scene->labels[i]));
    }
    fprintf(file, "longest = %zu\n", longest);
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
static void put_header(FILE *file, const struct tmk_scene *scene, const struct tmk_picture *picture)
{
    int threads = scene->threads[tmk_scene_most_threads(scene)];
    char name[96];
    fprintf(file, "# Draws %s.svg; to draw it again: gnuplot %s.gp\n", picture->file,
            picture->file);
    put_string(file, "op", scene->op);
    snprintf(name, sizeof name, "%s.csv", picture->file);
    put_string(file, "data", name);
    snprintf(name, sizeof name, "%s.svg", picture->file);
    put_string(file, "output_svg", name);
    put_string(file, "heading", picture->heading);
    fprintf(file, "threads = %d\n", threads);
    snprintf(name, sizeof name, "%d thread%s", threads, threads == 1 ? "" : "s");
    put_string(file, "threads_text", name);
    put_string(file, "note", scene->unverified ? " *: not verified." : "");
    put_words(file, scene);
    put_layers(file, scene);
    put_ceilings(file, scene);
    fputc('\n', file);
}

static enum tmk_status put_template(FILE *file, const char *name)
{
    char data[64], path[PATH_MAX], *text;
    snprintf(data, sizeof data, "plots/%s.gp", name);
    TMK_TRY(tmk_data_path(data, path, sizeof path));
    TMK_TRY(tmk_read_file(path, &text));
    fputs(text, file);
    fputc('\n', file);
    free(text);
    return TMK_OK;
}

static enum tmk_status create(const char *folder, const char *name, const char *ending, FILE **out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    *out = fopen(path, "w");
    return *out ? TMK_OK
                : tmk_fail(TMK_EIO, "cannot write %s: %s: check the folder and its rights", path,
                           strerror(errno));
}

static enum tmk_status finish(FILE *file, const char *name)
{
    bool failed = ferror(file) != 0;
    if (fclose(file) == 0 && !failed)
        return TMK_OK;
    return tmk_fail(TMK_EIO, "cannot write %s: %s: free some space and run tilemark report again",
                    name, strerror(errno));
}

static enum tmk_status write_table(const char *folder, const struct tmk_scene *scene,
                                   const struct tmk_picture *picture)
{
    FILE *file;
    TMK_TRY(create(folder, picture->file, "csv", &file));
    fprintf(file, "%s\n", picture->kind->columns);
    picture->kind->rows(scene, file);
    return finish(file, picture->file);
}

static enum tmk_status write_script(const char *folder, const struct tmk_scene *scene,
                                    const struct tmk_picture *picture)
{
    FILE *file;
    TMK_TRY(create(folder, picture->file, "gp", &file));
    put_header(file, scene, picture);
    enum tmk_status status = put_template(file, "style");
    if (status == TMK_OK)
        status = put_template(file, picture->kind->name);
    enum tmk_status closed = finish(file, picture->file);
    return status == TMK_OK ? closed : status;
}

/* gnuplot FILE.gp in `folder`, without a shell. Its warnings (an implementation without points in
 * some panel) are not for the user; an error he sees by running it by hand. */
static enum tmk_status draw(const char *folder, const char *name)
{
    char script[80];
    snprintf(script, sizeof script, "%s.gp", name);
    char *const argv[] = {"gnuplot", script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (failed == ENOENT)
        return tmk_fail(TMK_EIO, "no pictures: gnuplot is not installed: install gnuplot (apt "
                                 "install gnuplot-nox) and run tilemark report on this run");
    if (failed)
        return tmk_fail(TMK_EIO, "gnuplot cannot be started: %s: check that it runs by hand",
                        strerror(failed));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TMK_OK;
    return tmk_fail(TMK_EIO, "gnuplot failed on %s/%s: run it by hand there to see why", folder,
                    script);
}

static enum tmk_status make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return TMK_OK;
    return tmk_fail(TMK_EIO, "cannot make the folder %s: %s: check its rights", path,
                    strerror(errno));
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
            TMK_TRY(write_table(folder, &scenes[i], picture));
            TMK_TRY(write_script(folder, &scenes[i], picture));
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
    TMK_TRY(make_folder(folder));
    TMK_TRY(write_all(folder, scenes, nscenes, out));
    for (size_t i = 0; i < out->count; i++) {
        if (!out->list[i].lacks)
            TMK_TRY(draw(folder, out->list[i].file));
    }
    out->drawn = true;
    return TMK_OK;
}

void tmk_pictures_free(struct tmk_pictures *pictures)
{
    free(pictures->list);
    *pictures = (struct tmk_pictures){0};
}
