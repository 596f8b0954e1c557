/* What `tilemark list` lists; one function a word of it. Private to bench. */
#ifndef TMK_BENCH_LIST_H
#define TMK_BENCH_LIST_H

#include "select.h"
#include "table.h"

/* The command line, resolved. */
struct tmk_listing {
    struct tmk_selection *selection;
    bool csv;       /* print CSV */
    bool skips;     /* problems: those left out, one by one, instead */
    bool selecting; /* impls: problems were named */
};

enum tmk_status tmk_listing_impls(const struct tmk_listing *listing);
enum tmk_status tmk_listing_problems(const struct tmk_listing *listing);

#endif
