#include "manifest.h"

#include "cli.h"
#include "text.h"
#include "version.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

char *tmk_utc_now(char *buf, size_t size)
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return buf;
}

/* libgomp.so.1.0.0 gives name libgomp and version 1.0.0. */
static int add_library(struct dl_phdr_info *info, size_t size, void *array)
{
    (void)size;
    char path[PATH_MAX];
    if (!info->dlpi_name[0] || !realpath(info->dlpi_name, path))
        return 0;
    const char *file = strrchr(path, '/') + 1;
    const char *ending = strstr(file, ".so");
    int length = ending ? (int)(ending - file) : (int)strlen(file);
    const char *version = ending && ending[3] == '.' ? ending + 4 : "";
    json_array_append_new(array, json_pack("{s:s%, s:s, s:s}", "name", file, (size_t)length,
                                           "version", version, "path", path));
    return 0;
}

static json_t *describe_libraries(void)
{
    json_t *array = json_array();
    dl_iterate_phdr(add_library, array);
    return array;
}

static json_t *describe_system(void)
{
    struct utsname system;
    uname(&system);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "host", system.nodename, "system", system.sysname,
                     "kernel", system.release, "architecture", system.machine, "libc",
                     gnu_get_libc_version());
}

static json_t *describe_command(int argc, const char **argv)
{
    char *text = tmk_format_command(argc, argv);
    json_t *json = json_string(text);
    free(text);
    return json;
}

enum tmk_status tmk_manifest_describe(int argc, const char **argv,
                                      const struct tmk_machine_report *machine, json_t **out)
{
    char now[32];
    *out = json_pack("{s:i, s:o, s:s, s:{s:s, s:s, s:s, s:s, s:s}, s:o, s:o, s:o}", "schema",
                     TMK_MANIFEST_SCHEMA, "command", describe_command(argc, argv), "started",
                     tmk_utc_now(now, sizeof now), "program", "version", tmk_cli_version, "commit",
                     TMK_COMMIT, "compiler", TMK_COMPILER, "flags", TMK_FLAGS, "buildtype",
                     TMK_BUILDTYPE, "system", describe_system(), "machine",
                     tmk_machine_json(machine), "libraries", describe_libraries());
    return *out ? TMK_OK
                : tmk_fail(TMK_ENOMEM, "the manifest cannot be made: no memory, or a name on this "
                                       "machine or command line that is no UTF-8");
}

enum tmk_status tmk_manifest_write(const char *run, const json_t *manifest)
{
    char path[PATH_MAX], temporary[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/manifest.json", run);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (json_dump_file(manifest, temporary, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
        rename(temporary, path) == 0)
        return TMK_OK;
    int reason = errno;
    unlink(temporary);
    return tmk_fail(TMK_EIO, "cannot write %s: %s: check the folder's rights and free space", path,
                    strerror(reason));
}

enum tmk_status tmk_manifest_same_machine(const json_t *run, const json_t *here)
{
    static const char *const keys[] = {"cpu", "cores", "cpus", "isa", "caches"};
    const json_t *was = json_object_get(run, "machine"), *is = json_object_get(here, "machine");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *a = json_object_get(was, keys[i]), *b = json_object_get(is, keys[i]);
        if (json_equal(a, b))
            continue;
        char *before = json_dumps(a, JSON_ENCODE_ANY), *now = json_dumps(b, JSON_ENCODE_ANY);
        enum tmk_status status =
            tmk_fail(TMK_EUNSUPPORTED,
                     "the run was made on another machine: %s was %s and is %s: begin a new run",
                     keys[i], before ? before : "unknown", now ? now : "unknown");
        free(before);
        free(now);
        return status;
    }
    return TMK_OK;
}
