/* What the analyses left for a run's report: RUN/chapters/NAME/chapter.json, as src/plot/chapter.h
 * writes it. */
#ifndef TMK_BENCH_CHAPTERS_H
#define TMK_BENCH_CHAPTERS_H

#include "status.h"

#include <jansson.h>
#include <limits.h>
#include <stddef.h>

struct tmk_chapter_read {
    char folder[PATH_MAX], name[NAME_MAX + 1]; /* RUN/chapters/NAME, NAME */
    json_t *json;
};

struct tmk_chapters {
    struct tmk_chapter_read *list; /* by place, then by name */
    size_t count;
};

/* A run without chapters is no failure. TMK_EIO: a chapter.json that cannot be read. TMK_EINVAL:
 * one that is malformed. */
enum tmk_status tmk_chapters_load(const char *run, struct tmk_chapters *out);
void tmk_chapters_free(struct tmk_chapters *chapters);

#endif
