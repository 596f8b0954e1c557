#include "run.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum tmk_status tmk_manifest_read(const char *run, json_t **out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/manifest.json", run);
    if (access(path, R_OK) != 0)
        return tmk_fail(TMK_EIO,
                        "%s is no run: cannot read %s: %s: give the folder that tilemark "
                        "bench wrote",
                        run, path, strerror(errno));
    json_error_t error;
    *out = json_load_file(path, 0, &error);
    if (!*out)
        return tmk_fail(TMK_EINVAL, "%s:%d: %s: mend it or begin a new run", path, error.line,
                        error.text);
    json_int_t schema = json_integer_value(json_object_get(*out, "schema"));
    if (schema == TMK_MANIFEST_SCHEMA)
        return TMK_OK;
    json_decref(*out);
    *out = NULL;
    return tmk_fail(TMK_EINVAL, "%s: schema %lld is not %d: use the tilemark that wrote it", path,
                    (long long)schema, TMK_MANIFEST_SCHEMA);
}

const char *tmk_manifest_text(const json_t *manifest, const char *a, const char *b)
{
    const json_t *json = json_object_get(manifest, a);
    const char *text = json_string_value(b ? json_object_get(json, b) : json);
    return text ? text : "";
}

static double number_in(const json_t *json, const char *object, const char *key)
{
    return json_number_value(json_object_get(json_object_get(json, object), key));
}

enum tmk_status tmk_manifest_ceilings(const json_t *manifest, struct tmk_ceilings **out,
                                      size_t *count)
{
    const json_t *array = json_object_get(json_object_get(manifest, "machine"), "ceilings");
    *count = json_array_size(array);
    *out = calloc(*count + 1, sizeof **out);
    if (!*out)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu ceilings", *count);
    for (size_t i = 0; i < *count; i++) {
        const json_t *json = json_array_get(array, i);
        struct tmk_ceilings *ceilings = &(*out)[i];
        ceilings->threads = (int)json_integer_value(json_object_get(json, "threads"));
        for (int isa = 0; isa < TMK_NISAS; isa++) {
            ceilings->peak_f32[isa] = number_in(json, "fma_f32_gflops", tmk_isa_name[isa]);
            ceilings->peak_f64[isa] = number_in(json, "fma_f64_gflops", tmk_isa_name[isa]);
        }
        for (int level = 0; level < TMK_NLEVELS; level++)
            ceilings->bandwidth[level] = number_in(json, "triad_gbs", tmk_level_name[level]);
    }
    return TMK_OK;
}
