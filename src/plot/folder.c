#include "folder.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static enum tmk_status make_one(const char *folder)
{
    struct stat info;
    if (mkdir(folder, 0777) == 0)
        return TMK_OK;
    int reason = errno;
    if (reason == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
        return TMK_OK;
    return tmk_fail(TMK_EIO, "cannot make the folder %s: %s: choose one that can be written",
                    folder, strerror(reason));
}

enum tmk_status tmk_folder_make(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
        return tmk_fail(TMK_EIO, "the folder's name is too long: %s", folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TMK_TRY(make_one(path));
        *slash = '/';
    }
    return make_one(path);
}

enum tmk_status tmk_folder_create(const char *folder, const char *name, const char *ending,
                                  FILE **out)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    errno = ENAMETOOLONG;
    *out = length < (int)sizeof path ? fopen(path, "w") : NULL;
    return *out ? TMK_OK
                : tmk_fail(TMK_EIO, "cannot write %s: %s: check the folder and its rights", path,
                           strerror(errno));
}

enum tmk_status tmk_folder_close(FILE *file, const char *name)
{
    bool failed = ferror(file) != 0;
    if (fclose(file) == 0 && !failed)
        return TMK_OK;
    return tmk_fail(TMK_EIO, "cannot write %s: %s: free some space and run the command again", name,
                    strerror(errno));
}
